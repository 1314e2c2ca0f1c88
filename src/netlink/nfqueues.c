/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netlink/nfqueues.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h> /* before the library's, which newer versions demand */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <libnetfilter_queue/libnetfilter_queue.h>

#include "capture_socket.h"
#include "wire/capture.h"

#define LIST "/proc/net/netfilter/nfnetlink_queue"

/* A request is three headers and a few numbers. */
#define REQUEST_LEN 256

/*
 * A queue's limit of packets: few enough for the kernel's memory, and more than the socket's buffer holds and the
 * parent has to judge. So a flood overflows the buffer, which shows as a gap in the numbers, before the queue.
 */
#define QUEUE_LEN 32768

/* ---- opening ----------------------------------------------------------------------------------- */

/* capture_socket_binder. A full queue accepts packets; large ones come unsegmented, since knockd changes no bytes. */
static int
bind_queue(struct mnl_socket *nl, uint16_t queue)
{
	const uint32_t flags = htonl(NFQA_CFG_F_FAIL_OPEN | NFQA_CFG_F_GSO);
	_Alignas(struct nlmsghdr) char buf[REQUEST_LEN];
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

/* EINVAL: the kernel was built without queues. */
static void
explain(uint16_t queue, char *err, size_t errlen)
{
	if (errno == EINVAL)
		snprintf(err, errlen,
			 "the kernel lacks packet queues (CONFIG_NETFILTER_NETLINK_QUEUE); use Capture = nflog");
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

/* By default a full socket refuses packets until it is empty. Losses show as gaps in the numbers anyway. */
static void
count_losses(struct mnl_socket *nl)
{
	int on = 1;

	mnl_socket_setsockopt(nl, NETLINK_NO_ENOBUFS, &on, sizeof(on));
}

/* Accepts the packets that existing rules queued and that capture_socket_request() dropped. */
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

/* The kernel has released the packets when this returns. It is no error if there are none. */
void
nfqueues_verdict(int fd, uint16_t queue, uint32_t last, bool accept)
{
	_Alignas(struct nlmsghdr) char buf[REQUEST_LEN];
	struct nlmsghdr *nlh = nfq_nlmsg_put(buf, NFQNL_MSG_VERDICT_BATCH, queue);

	nfq_nlmsg_verdict_put(nlh, (int)last, accept ? NF_ACCEPT : NF_DROP);
	while (send(fd, nlh, nlh->nlmsg_len, 0) < 0 && errno == EINTR)
		;
}

/*
 * A verdict covers its number and the 2^31 before it, modulo 2^32. The queue's first number is unknown here: three
 * verdicts, 2^31 apart, cover a queue that begins anywhere.
 */
void
nfqueues_verdict_all(int fd, uint16_t queue, bool accept)
{
	nfqueues_verdict(fd, queue, INT32_MAX, accept);
	nfqueues_verdict(fd, queue, UINT32_MAX, accept);
	nfqueues_verdict(fd, queue, INT32_MAX, accept);
}
