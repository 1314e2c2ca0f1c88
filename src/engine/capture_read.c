/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/capture_read.h"

#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <sys/socket.h>

/* Room for each: CAPTURE_SNAPLEN and some 150 bytes of attributes. */
#define READ_MESSAGE_LEN 1024

struct capture_reader {
	int fd;
	capture_decode *decode;
	uint16_t number;
	struct mmsghdr msgs[CAPTURE_BATCH];
	struct iovec iov[CAPTURE_BATCH];
	struct sockaddr_nl from[CAPTURE_BATCH];
	_Alignas(struct nlmsghdr) char buf[CAPTURE_BATCH][READ_MESSAGE_LEN];
};

/* libmnl takes a length above INT_MAX for a negative one, which is never too long, and would walk on for ever. */
static bool
is_whole(const struct nlmsghdr *nlh, int rest)
{
	return mnl_nlmsg_ok(nlh, rest) && nlh->nlmsg_len <= (uint32_t)rest;
}

void
capture_datagram(const void *datagram, size_t len, capture_decode *decode, uint16_t number, capture_take *take,
		 void *arg)
{
	const struct nlmsghdr *nlh = datagram;
	int rest = (int)len;

	for (; is_whole(nlh, rest); nlh = mnl_nlmsg_next(nlh, &rest)) {
		struct capture_packet packet;

		if (nlh->nlmsg_type == NLMSG_DONE)
			return;
		switch (decode(nlh, number, &packet)) {
		case CAPTURE_PACKET:
			take(arg, &packet);
			break;
		case CAPTURE_NOTICE:
			break;
		case CAPTURE_BAD:
			take(arg, NULL);
			break;
		}
	}
	if (rest > 0)
		take(arg, NULL);
}

struct capture_reader *
capture_reader_new(int fd, capture_decode *decode, uint16_t number)
{
	struct capture_reader *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->fd = fd;
	r->decode = decode;
	r->number = number;
	for (size_t i = 0; i < CAPTURE_BATCH; i++) {
		r->iov[i] = (struct iovec){ r->buf[i], sizeof(r->buf[i]) };
		r->msgs[i].msg_hdr = (struct msghdr){ .msg_iov = &r->iov[i],
						      .msg_iovlen = 1,
						      .msg_name = &r->from[i],
						      .msg_namelen = sizeof(r->from[i]) };
	}
	return r;
}

int
capture_read(struct capture_reader *r, capture_take *take, void *arg)
{
	int n = recvmmsg(r->fd, r->msgs, CAPTURE_BATCH, MSG_DONTWAIT, NULL);

	for (int i = 0; i < n; i++) {
		/* port 0 is the kernel; nobody else has anything to say here */
		if (r->from[i].nl_pid || r->msgs[i].msg_hdr.msg_flags & MSG_TRUNC)
			take(arg, NULL);
		else
			capture_datagram(r->buf[i], r->msgs[i].msg_len, r->decode, r->number, take, arg);
		r->msgs[i].msg_hdr.msg_namelen = sizeof(r->from[i]); /* what the kernel has written to */
	}
	return n;
}
