/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/nflog.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_log/libnetfilter_log.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink/capture_bind.h"

#define LIST "/proc/net/netfilter/nfnetlink_log"

/*
 * The kernel charges the socket for a whole buffer of this size per packet, so the default of a page or
 * two would fill it with a few thousand packets. A packet that needs more gets more.
 */
#define KERNEL_BUFFER_LEN 512

/* A request is three headers and a few numbers. */
#define REQUEST_LEN 256

/* ---- opening ----------------------------------------------------------------------------------- */

/* capture_binder. One message: rules that are there already may send packets as soon as the group is bound. */
static int
bind_group(struct mnl_socket *nl, uint16_t group)
{
	char buf[REQUEST_LEN];
	struct nlmsghdr *nlh = nflog_nlmsg_put_header(buf, NFULNL_MSG_CONFIG, AF_UNSPEC, group);

	nlh->nlmsg_flags |= NLM_F_ACK;
	nlh->nlmsg_seq = 1;
	if (nflog_attr_put_cfg_cmd(nlh, NFULNL_CFG_CMD_BIND) < 0 ||
	    nflog_attr_put_cfg_mode(nlh, NFULNL_COPY_PACKET, CAPTURE_SNAPLEN) < 0)
		return -1;
	mnl_attr_put_u32(nlh, NFULA_CFG_NLBUFSIZ, htonl(KERNEL_BUFFER_LEN));
	mnl_attr_put_u32(nlh, NFULA_CFG_QTHRESH, htonl(1));
	mnl_attr_put_u16(nlh, NFULA_CFG_FLAGS, htons(NFULNL_CFG_F_SEQ));
	return capture_request(nl, nlh);
}

unsigned
nflog_holder(uint16_t group)
{
	return capture_holder(LIST, group);
}

int
nflog_listen(uint16_t group, char *err, size_t errlen)
{
	struct mnl_socket *nl = capture_open(err, errlen);

	if (!nl)
		return -1;
	if (!capture_bind(nl, bind_group, group))
		return capture_descriptor(nl, err, errlen);
	capture_explain(LIST, group, err, errlen);
	mnl_socket_close(nl);
	return -1;
}

/* ---- reading ----------------------------------------------------------------------------------- */

struct attributes {
	const struct nlattr *payload, *prefix, *seq;
	const char *end; /* of the message */
};

static int
collect(const struct nlattr *attr, void *data)
{
	struct attributes *found = data;

	/* libmnl counts the padding behind a message as part of it, but behind the last one there may be none */
	if ((const char *)attr + attr->nla_len > found->end)
		return MNL_CB_ERROR;
	switch (mnl_attr_get_type(attr)) {
	case NFULA_PAYLOAD:
		found->payload = attr;
		break;
	case NFULA_PREFIX:
		if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) < 0)
			return MNL_CB_ERROR;
		found->prefix = attr;
		break;
	case NFULA_SEQ:
		if (mnl_attr_validate(attr, MNL_TYPE_U32) < 0)
			return MNL_CB_ERROR;
		found->seq = attr;
		break;
	}
	return MNL_CB_OK;
}

static bool
is_packet(const struct nlmsghdr *nlh)
{
	return nlh->nlmsg_type == (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET) &&
	       mnl_nlmsg_get_payload_len(nlh) >= sizeof(struct nfgenmsg);
}

static bool
has_prefix(const struct attributes *found, const char *prefix)
{
	return found->prefix && !strcmp(mnl_attr_get_str(found->prefix), prefix);
}

/* Rules of the user's own may have any prefix or none: their packets are for this machine. */
enum capture_message
nflog_decode(const struct nlmsghdr *nlh, uint16_t group, struct capture_packet *packet)
{
	struct attributes found = { .end = (const char *)nlh + nlh->nlmsg_len };

	(void)group;
	if (!is_packet(nlh) || mnl_attr_parse(nlh, sizeof(struct nfgenmsg), collect, &found) < 0 || !found.payload)
		return CAPTURE_BAD;
	*packet = (struct capture_packet){
		.data = mnl_attr_get_payload(found.payload),
		.len = mnl_attr_get_payload_len(found.payload),
		.way = has_prefix(&found, CAPTURE_PREFIX_TARGET) ? CAPTURE_TARGET : CAPTURE_LOCAL,
		.has_seq = found.seq != NULL,
		.seq = found.seq ? ntohl(mnl_attr_get_u32(found.seq)) : 0,
	};
	return CAPTURE_PACKET;
}
