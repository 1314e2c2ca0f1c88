/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How packets come to the engine, whichever way the kernel hands them over: by a netlink socket that the parent
 * has opened (capture_bind.h). What one message says is known to nflog and nfqueue.
 */
#ifndef KNOCKD_CAPTURE_READ_H
#define KNOCKD_CAPTURE_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/capture.h"

struct capture_packet {
	const uint8_t *data; /* from the IP header on */
	size_t len;
	enum capture_way way;
	uint32_t seq;    /* counts the packets of its stream */
	unsigned stream; /* below CAPTURE_WAYS: what counts for itself */
	bool has_seq;
};

struct nlmsghdr;

enum capture_message { CAPTURE_PACKET, CAPTURE_NOTICE /* to be ignored */, CAPTURE_BAD };

/*
 * What the message is: nflog_decode(), nfqueue_decode(). `number` is the group or the first queue. Fills `packet`
 * when and only when it returns CAPTURE_PACKET; it points into the message. Every byte is checked.
 */
typedef enum capture_message capture_decode(const struct nlmsghdr *nlh, uint16_t number, struct capture_packet *packet);

/* Called for each packet, valid during the call. A message that makes no sense comes with NULL. */
typedef void capture_take(void *arg, const struct capture_packet *packet);

struct capture_reader;

/* Buffers for capture_read(), for the engine's whole life. NULL with errno when memory is out. */
struct capture_reader *capture_reader_new(int fd, capture_decode *decode, uint16_t number);

/*
 * Takes what is there without waiting, at most CAPTURE_BATCH messages per call so that the caller's other
 * work gets its turn. How many, or -1 with errno: EAGAIN nothing is there; ENOBUFS packets were lost, go on.
 */
#define CAPTURE_BATCH 32
int capture_read(struct capture_reader *reader, capture_take *take, void *arg);

/*
 * Decodes one datagram, which may hold several messages. For tests and fuzzers, and what capture_read() does
 * with each.
 */
void capture_datagram(const void *datagram, size_t len, capture_decode *decode, uint16_t number, capture_take *take,
		      void *arg);

#endif
