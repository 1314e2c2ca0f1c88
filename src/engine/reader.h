/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads packets from the netlink socket that the parent has opened (netlink/nflog_group.h, netlink/nfqueues.h). nflog
 * and nfqueue decode its messages.
 */
#ifndef KNOCKD_READER_H
#define KNOCKD_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/capture.h"

struct reader_packet {
	const uint8_t *data; /* from the IP header on */
	size_t len;
	enum capture_way way;
	uint32_t seq;    /* the packet's number in its stream */
	unsigned stream; /* below CAPTURE_WAYS: packets numbered together */
	bool has_seq;
};

struct nlmsghdr;

enum reader_message { READER_PACKET, READER_NOTICE /* ignored */, READER_BAD };

/*
 * Decodes a message: nflog_decode(), nfqueue_decode(). `number` is the group or the first queue. Fills `packet`, which
 * points into the message, only when it returns READER_PACKET. Checks every byte.
 */
typedef enum reader_message reader_decode(const struct nlmsghdr *nlh, uint16_t number, struct reader_packet *packet);

/* Called for each packet, which is valid during the call; NULL: a message that is not a packet. */
typedef void reader_take(void *arg, const struct reader_packet *packet);

struct reader;

/* Allocates the buffers for reader_read(). NULL with errno when memory is out. */
struct reader *reader_new(int fd, reader_decode *decode, uint16_t number);

/*
 * Reads at most READER_BATCH messages, without waiting, so that the caller's other work gets its turn. Returns their
 * number, or -1 with errno. EAGAIN: there are none; ENOBUFS: packets were lost, go on.
 */
#define READER_BATCH 32
int reader_read(struct reader *reader, reader_take *take, void *arg);

/* Decodes one datagram, which may hold several messages. Public for tests and fuzzers. */
void reader_datagram(const void *datagram, size_t len, reader_decode *decode, uint16_t number, reader_take *take,
		     void *arg);

#endif
