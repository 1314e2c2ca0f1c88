/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which doors a packet's port concerns: whether it is in any sequence, and the doors whose sequence begins with it.
 * Only doorports_init() allocates. The look-ups are here to be inlined: every hit makes both.
 */
#ifndef KNOCKD_DOORPORTS_H
#define KNOCKD_DOORPORTS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"

struct first {
	uint32_t key; /* see doorports_key() */
	uint16_t door;
};

struct doorports {
	struct first *firsts; /* sorted by key, then door; a door without a sequence has none */
	size_t n_firsts;
	uint64_t any[2 * 65536 / 64]; /* a bit for each port of both protocols; of all one-time sequences, too */
};

/* Each door begins with `seq`. 0, or -1 with errno when memory is out. */
int doorports_init(struct doorports *ports, const struct conf *conf);
void doorports_free(struct doorports *ports); /* a zeroed one is legal */

/* From now on the door's sequence is `seq`, one of those that its configuration has; of length 0: it has none. */
void doorports_change(struct doorports *ports, uint16_t door, const struct seq *seq);

static inline uint32_t
doorports_key(uint8_t proto, uint16_t port)
{
	return (uint32_t)proto << 16 | port;
}

/* Index of the first of `firsts` with this key or a higher one; the doors of a key are in the order of the file. */
static inline size_t
doorports_find(const struct doorports *ports, uint32_t key)
{
	size_t low = 0, high = ports->n_firsts;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ports->firsts[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Of `any`. */
static inline uint32_t
doorports_bit(uint8_t proto, uint16_t port)
{
	return (proto == IPPROTO_UDP ? 65536U : 0) + port;
}

/* Is the port in a sequence of any door? */
static inline bool
doorports_have(const struct doorports *ports, uint8_t proto, uint16_t port)
{
	uint32_t bit = doorports_bit(proto, port);

	return ports->any[bit / 64] >> bit % 64 & 1;
}

#endif
