/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nflog.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <string.h>

struct nflog_attrs {
	const struct nlattr *payload, *prefix, *seq;
	const char *end; /* of the message */
};

static int
collect(const struct nlattr *attr, void *data)
{
	struct nflog_attrs *found = data;

	/* libmnl counts the padding after a message as part of it, but the last message may have none */
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
has_prefix(const struct nflog_attrs *found, const char *prefix)
{
	return found->prefix && !strcmp(mnl_attr_get_str(found->prefix), prefix);
}

/* An admin's own rules may have any prefix or none: their packets count as sent to this host. */
enum reader_message
nflog_decode(const struct nlmsghdr *nlh, uint16_t group, struct reader_packet *packet)
{
	struct nflog_attrs found = { .end = (const char *)nlh + nlh->nlmsg_len };

	(void)group;
	if (!is_packet(nlh) || mnl_attr_parse(nlh, sizeof(struct nfgenmsg), collect, &found) < 0 || !found.payload)
		return READER_BAD;
	*packet = (struct reader_packet){
		.data = mnl_attr_get_payload(found.payload),
		.len = mnl_attr_get_payload_len(found.payload),
		.way = has_prefix(&found, CAPTURE_PREFIX_TARGET) ? CAPTURE_TARGET : CAPTURE_LOCAL,
		.has_seq = found.seq != NULL,
		.seq = found.seq ? ntohl(mnl_attr_get_u32(found.seq)) : 0,
	};
	return READER_PACKET;
}
