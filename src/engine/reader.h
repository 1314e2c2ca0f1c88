/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How packets come to the engine, whichever way the kernel hands them over: by a netlink socket that the parent
 * has opened (netlink/capture_socket.h). What one message says is known to nflog and nfqueue.
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
	uint32_t seq;    /* counts the packets of its stream */
	unsigned stream; /* below CAPTURE_WAYS: what counts for itself */
	bool has_seq;
};

struct nlmsghdr;

enum reader_message { READER_PACKET, READER_NOTICE /* to be ignored */, READER_BAD };

/*
 * What the message is: nflog_decode(), nfqueue_decode(). `number` is the group or the first queue. Fills `packet`
 * when and only when it returns READER_PACKET; it points into the message. Every byte is checked.
 */
typedef enum reader_message reader_decode(const struct nlmsghdr *nlh, uint16_t number, struct reader_packet *packet);

/* Called for each packet, valid during the call. A message that makes no sense comes with NULL. */
typedef void reader_take(void *arg, const struct reader_packet *packet);

struct reader;

/* Buffers for reader_read(), for the engine's whole life. NULL with errno when memory is out. */
struct reader *reader_new(int fd, reader_decode *decode, uint16_t number);

/*
 * Takes what is there without waiting, at most READER_BATCH messages per call so that the caller's other
 * work gets its turn. How many, or -1 with errno: EAGAIN nothing is there; ENOBUFS packets were lost, go on.
 */
#define READER_BATCH 32
int reader_read(struct reader *reader, reader_take *take, void *arg);

/*
 * Decodes one datagram, which may hold several messages. For tests and fuzzers, and what reader_read() does
 * with each.
 */
void reader_datagram(const void *datagram, size_t len, reader_decode *decode, uint16_t number, reader_take *take,
		     void *arg);

#endif
