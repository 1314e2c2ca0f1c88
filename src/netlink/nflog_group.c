/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netlink/nflog_group.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_log/libnetfilter_log.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <sys/socket.h>

#include "capture_socket.h"
#include "wire/capture.h"

#define LIST "/proc/net/netfilter/nfnetlink_log"

/* A request is three headers and a few numbers. */
#define REQUEST_LEN 256

/* capture_socket_binder. One message, as existing rules may send packets as soon as the group is bound. */
static int
bind_group(struct mnl_socket *nl, uint16_t group)
{
	_Alignas(struct nlmsghdr) char buf[REQUEST_LEN];
	struct nlmsghdr *nlh = nflog_nlmsg_put_header(buf, NFULNL_MSG_CONFIG, AF_UNSPEC, group);

	nlh->nlmsg_flags |= NLM_F_ACK;
	nlh->nlmsg_seq = 1;
	if (nflog_attr_put_cfg_cmd(nlh, NFULNL_CFG_CMD_BIND) < 0 ||
	    nflog_attr_put_cfg_mode(nlh, NFULNL_COPY_PACKET, CAPTURE_SNAPLEN) < 0)
		return -1;
	mnl_attr_put_u32(nlh, NFULA_CFG_QTHRESH, htonl(1));
	mnl_attr_put_u16(nlh, NFULA_CFG_FLAGS, htons(NFULNL_CFG_F_SEQ));
	return capture_socket_request(nl, nlh);
}

/* Timeout 0 is the next tick. The kernel answers only if it refuses; the engine counts that as an invalid message. */
void
nflog_group_gather(int fd, uint16_t group, bool gather)
{
	_Alignas(struct nlmsghdr) char buf[REQUEST_LEN];
	struct nlmsghdr *nlh = nflog_nlmsg_put_header(buf, NFULNL_MSG_CONFIG, AF_UNSPEC, group);

	mnl_attr_put_u32(nlh, NFULA_CFG_QTHRESH, htonl(gather ? CAPTURE_GATHERED : 1));
	mnl_attr_put_u32(nlh, NFULA_CFG_TIMEOUT, htonl(0));
	while (send(fd, nlh, nlh->nlmsg_len, 0) < 0 && errno == EINTR)
		;
}

unsigned
nflog_group_holder(uint16_t group)
{
	return capture_socket_holder(LIST, group);
}

int
nflog_group_listen(uint16_t group, char *err, size_t errlen)
{
	struct mnl_socket *nl = capture_socket_open(err, errlen);

	if (!nl)
		return -1;
	if (!capture_socket_bind(nl, bind_group, group))
		return capture_socket_descriptor(nl, err, errlen);
	if (errno == EINVAL) /* nothing has this type of message */
		snprintf(err, errlen, "the kernel lacks NFLOG groups (CONFIG_NETFILTER_NETLINK_LOG)");
	else
		capture_socket_explain(LIST, group, err, errlen);
	mnl_socket_close(nl);
	return -1;
}
