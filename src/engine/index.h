/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds numbers by a hash: who asks keeps what the numbers stand for, and tells which of those that come
 * into question it was. A look takes one cache line nearly always. Nothing is allocated after index_init().
 */
#ifndef KNOCKD_INDEX_H
#define KNOCKD_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#define INDEX_MAX          16777215 /* the largest number, and the most of them: 24 bits */
#define INDEX_DISTANCE_MAX 31       /* how far from its home a number may be: 5 bits */

struct index {
	uint32_t *slots;
	uint32_t homes;
};

/* For `max` numbers (1..INDEX_MAX) at a time: 8 bytes for each. Returns 0, or -1 with errno when memory is out. */
int index_init(struct index *ix, uint32_t max);
void index_free(struct index *ix); /* one of zeroes is legal */

/*
 * The next number that may have been put in with this hash; 0: there are no more. `*distance` is 0 at first.
 * Between two calls nothing may be put in or taken out.
 */
uint32_t index_next(const struct index *ix, uint64_t hash, unsigned *distance);

/* Asks for the memory that a look with this hash takes, and does not wait for it. */
void index_announce(const struct index *ix, uint64_t hash);

/*
 * False, and nothing is done: too many are at home near by. Hashes that nobody outside can choose never get there,
 * but 32 with the same hash are the most that there can be.
 */
bool index_insert(struct index *ix, uint64_t hash, uint32_t number);

/* `number` stands there with this hash, or nothing is done and the answer is false. */
bool index_replace(struct index *ix, uint64_t hash, uint32_t number, uint32_t by);
bool index_remove(struct index *ix, uint64_t hash, uint32_t number);

#endif
