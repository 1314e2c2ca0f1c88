/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The packets' way in: one NFLOG group, one netlink socket. The parent opens and binds it; the engine
 * inherits the descriptor and reads.
 */
#ifndef KNOCKD_NFLOG_H
#define KNOCKD_NFLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One message of the kernel's, decoded; points into the buffer it came from. */
struct nflog_packet {
	const uint8_t *data; /* from the IP header on */
	size_t	       len;
	uint32_t       seq;   /* counts the group's packets */
	bool	       has_seq;
	bool	       local; /* the destination is an address of this machine, see capture.h */
};

/*
 * Opens a socket and binds the group: whole headers, queue threshold 1 (each packet at once), sequence
 * numbers. Close-on-exec, non-blocking. Returns the descriptor, or -1 with one clause in `err` that names
 * the program holding the group where that is the reason, and the missing privilege where it is that.
 */
int nflog_listen(uint16_t group, char *err, size_t errlen);

/* The netlink port of who holds the group, mostly its process id; 0 when nobody does. */
unsigned nflog_holder(uint16_t group);

/*
 * Called for each packet; `packet` is valid during the call. A message that is none comes with NULL.
 */
typedef void nflog_take(void *arg, const struct nflog_packet *packet);

struct nflog_reader;

/* Buffers for nflog_read(), for the engine's whole life. NULL with errno when memory is out. */
struct nflog_reader *nflog_reader_new(int fd);

/*
 * Takes what is there without waiting, a bounded number of packets per call so that the caller's other
 * work gets its turn. 0, or -1 with errno: EAGAIN nothing is there; ENOBUFS packets were lost, go on.
 */
int nflog_read(struct nflog_reader *reader, nflog_take *take, void *arg);

/*
 * Decodes one datagram, which may hold several messages; every byte is checked. For tests and fuzzers,
 * and what nflog_read() does with each.
 */
void nflog_decode(const void *datagram, size_t len, nflog_take *take, void *arg);

#endif
