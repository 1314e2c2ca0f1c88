/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hash index of 24-bit numbers. The caller stores the objects and compares candidates. A look-up reads one cache line
 * nearly always. Only index_init() allocates.
 */
#ifndef KNOCKD_INDEX_H
#define KNOCKD_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#define INDEX_MAX          16777215 /* largest number, and largest count: 24 bits */
#define INDEX_DISTANCE_MAX 31       /* a number's largest distance from its home: 5 bits */

struct index {
	uint32_t *slots;
	uint32_t homes;
};

/* Room for `max` numbers (1..INDEX_MAX), 8 bytes each. 0, or -1 with errno when memory is out. */
int index_init(struct index *ix, uint32_t max);
void index_free(struct index *ix); /* a zeroed one is legal */

/*
 * The next candidate for this hash; 0: no more. `*distance` is 0 at the first call. The index must not change between
 * the calls.
 */
uint32_t index_next(const struct index *ix, uint64_t hash, unsigned *distance);

/* Prefetches the memory for a look-up of this hash. */
void index_announce(const struct index *ix, uint64_t hash);

/*
 * False, without a change: too many numbers have their homes near this one. Keyed hashes never get there, but at most
 * 32 numbers can have the same hash.
 */
bool index_insert(struct index *ix, uint64_t hash, uint32_t number);

/* False, without a change: `number` is not there with this hash. */
bool index_replace(struct index *ix, uint64_t hash, uint32_t number, uint32_t by);
bool index_remove(struct index *ix, uint64_t hash, uint32_t number);

#endif
