/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reader.h"

#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_recvmmsg /* a 32-bit architecture that has 64-bit time only */
#define SYS_recvmmsg SYS_recvmmsg_time64
#endif

/* The kernel's messages have at most a page, or this where pages are larger: NLMSG_GOODSIZE in its linux/netlink.h. */
#define READ_MESSAGE_LEN 8192

struct reader {
	int fd;
	reader_decode *decode;
	uint16_t number;
	struct mmsghdr msgs[READER_BATCH];
	struct iovec iov[READER_BATCH];
	struct sockaddr_nl from[READER_BATCH];
	_Alignas(struct nlmsghdr) char buf[READER_BATCH][READ_MESSAGE_LEN];
};

/* libmnl compares as int: a length above INT_MAX would pass, and the loop would never end. */
static bool
is_whole(const struct nlmsghdr *nlh, int rest)
{
	return mnl_nlmsg_ok(nlh, rest) && nlh->nlmsg_len <= (uint32_t)rest;
}

void
reader_datagram(const void *datagram, size_t len, reader_decode *decode, uint16_t number, reader_take *take, void *arg)
{
	const struct nlmsghdr *nlh = datagram;
	int rest = (int)len;

	for (; is_whole(nlh, rest); nlh = mnl_nlmsg_next(nlh, &rest)) {
		struct reader_packet packet;

		if (nlh->nlmsg_type == NLMSG_DONE)
			return;
		switch (decode(nlh, number, &packet)) {
		case READER_PACKET:
			take(arg, &packet);
			break;
		case READER_NOTICE:
			break;
		case READER_BAD:
			take(arg, NULL);
			break;
		}
	}
	if (rest > 0)
		take(arg, NULL);
}

struct reader *
reader_new(int fd, reader_decode *decode, uint16_t number)
{
	struct reader *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->fd = fd;
	r->decode = decode;
	r->number = number;
	for (size_t i = 0; i < READER_BATCH; i++) {
		r->iov[i] = (struct iovec){ r->buf[i], sizeof(r->buf[i]) };
		r->msgs[i].msg_hdr = (struct msghdr){ .msg_iov = &r->iov[i],
						      .msg_iovlen = 1,
						      .msg_name = &r->from[i],
						      .msg_namelen = sizeof(r->from[i]) };
	}
	return r;
}

/* By syscall(2), see cage_filter() in process/cage.h. */
int
reader_read(struct reader *r, reader_take *take, void *arg)
{
	int n = (int)syscall(SYS_recvmmsg, r->fd, r->msgs, READER_BATCH, MSG_DONTWAIT, NULL);

	for (int i = 0; i < n; i++) {
		/* port 0 is the kernel; other senders are not trusted */
		if (r->from[i].nl_pid || r->msgs[i].msg_hdr.msg_flags & MSG_TRUNC)
			take(arg, NULL);
		else
			reader_datagram(r->buf[i], r->msgs[i].msg_len, r->decode, r->number, take, arg);
		r->msgs[i].msg_hdr.msg_namelen = sizeof(r->from[i]); /* the kernel has overwritten it */
	}
	return n;
}
