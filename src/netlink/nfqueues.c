/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parent's half: the queues, and the verdicts on what is in them. */
#include "netlink/nfqueues.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "capture_socket.h"
#include "wire/capture.h"

#define LIST "/proc/net/netfilter/nfnetlink_queue"

/* A request is three headers and a few numbers. */
#define REQUEST_LEN 256

/*
 * Packets that a queue holds at most: more than fit into the socket's buffer, so that it is there that a flood is cut,
 * which shows as a gap in their numbers, and fewer than would hurt: those that the engine has read wait for the parent.
 */
#define QUEUE_LEN 32768

/* ---- opening ----------------------------------------------------------------------------------- */

/* capture_socket_binder. What is full lets packets go on, and what is large comes as it is: nobody changes its bytes.
 */
static int
bind_queue(struct mnl_socket *nl, uint16_t queue)
{
	const uint32_t flags = htonl(NFQA_CFG_F_FAIL_OPEN | NFQA_CFG_F_GSO);
	char buf[REQUEST_LEN];
	struct nlmsghdr *nlh = nfq_nlmsg_put(buf, NFQNL_MSG_CONFIG, queue);

	nlh->nlmsg_flags |= NLM_F_ACK;
	nlh->nlmsg_seq = 1U + queue;
	nfq_nlmsg_cfg_put_cmd(nlh, AF_UNSPEC, NFQNL_CFG_CMD_BIND);
	nfq_nlmsg_cfg_put_params(nlh, NFQNL_COPY_PACKET, CAPTURE_SNAPLEN);
	nfq_nlmsg_cfg_put_qmaxlen(nlh, QUEUE_LEN);
	mnl_attr_put_u32(nlh, NFQA_CFG_FLAGS, flags);
	mnl_attr_put_u32(nlh, NFQA_CFG_MASK, flags);
	return capture_socket_request(nl, nlh);
}

unsigned
nfqueues_holder(uint16_t queue)
{
	return capture_socket_holder(LIST, queue);
}

/* Without its part for queues the kernel says no more than that the message is invalid. */
static void
explain(uint16_t queue, char *err, size_t errlen)
{
	if (errno == EINVAL)
		snprintf(err, errlen,
			 "the kernel has no queues for packets (CONFIG_NETFILTER_NETLINK_QUEUE); Capture = nflog does "
			 "without");
	else
		capture_socket_explain(LIST, queue, err, errlen);
}

static int
bind_all(struct mnl_socket *nl, uint16_t first, char *err, size_t errlen)
{
	for (unsigned i = 0; i < CAPTURE_WAYS; i++) {
		uint16_t queue = (uint16_t)(first + i);

		if (capture_socket_bind(nl, bind_queue, queue)) {
			size_t len = (size_t)snprintf(err, errlen, "queue %u: ", queue);

			explain(queue, err + len, errlen - len);
			return -1;
		}
	}
	return 0;
}

/* What a full socket has no room for is a gap in the numbers, and no reason to take nothing until it is empty. */
static void
count_losses(struct mnl_socket *nl)
{
	int on = 1;

	mnl_socket_setsockopt(nl, NETLINK_NO_ENOBUFS, &on, sizeof(on));
}

/* Rules that are there already may have queued what was thrown away with the answers. */
int
nfqueues_listen(uint16_t first, char *err, size_t errlen)
{
	struct mnl_socket *nl = capture_socket_open(err, errlen);
	int fd;

	if (!nl)
		return -1;
	if (bind_all(nl, first, err, errlen)) {
		mnl_socket_close(nl);
		return -1;
	}
	count_losses(nl);
	fd = capture_socket_descriptor(nl, err, errlen);
	for (unsigned i = 0; fd >= 0 && i < CAPTURE_WAYS; i++)
		nfqueues_verdict_all(fd, (uint16_t)(first + i), true);
	return fd;
}

/* ---- verdicts ---------------------------------------------------------------------------------- */

/* The kernel has done it when this returns. That there is no such packet (any more) is no error. */
void
nfqueues_verdict(int fd, uint16_t queue, uint32_t last, bool accept)
{
	char buf[REQUEST_LEN];
	struct nlmsghdr *nlh = nfq_nlmsg_put(buf, NFQNL_MSG_VERDICT_BATCH, queue);

	nfq_nlmsg_verdict_put(nlh, (int)last, accept ? NF_ACCEPT : NF_DROP);
	while (send(fd, nlh, nlh->nlmsg_len, 0) < 0 && errno == EINTR)
		;
}

/*
 * "Up to" is the nearer way round a circle of 32 bits, and nobody knows where on it the queue's first packet is. From
 * wherever that may be, three halves of the circle reach all that can be behind it.
 */
void
nfqueues_verdict_all(int fd, uint16_t queue, bool accept)
{
	nfqueues_verdict(fd, queue, INT32_MAX, accept);
	nfqueues_verdict(fd, queue, UINT32_MAX, accept);
	nfqueues_verdict(fd, queue, INT32_MAX, accept);
}
