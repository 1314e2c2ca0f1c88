/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Open addressing with linear probing, at most half full, sorted by home slot ("Robin Hood hashing", Celis, Larson,
 * Munro 1985): a number nearer to its home makes room. So distances hardly differ, a look-up ends at the first slot
 * nearer to its home, and a removal moves the slots behind it back by one, up to the first that is at home. This needs
 * the distances, which the slots hold, but no whole hashes.
 *
 * A slot: 5 bits of distance from home, 3 bits of the hash, 24 bits of the number; 0 is free. Half full, a distance
 * of k occurs with a probability of about e^(-1.26 k): five bits are plenty.
 *
 * The hash's upper half chooses the home. Extra slots behind the last home hold its distances, so nothing wraps around.
 */
#include "index.h"

#include <stddef.h>
#include <stdlib.h>

#define STEP (UINT32_C(1) << 27) /* one more away from home */

static uint32_t *
home_of(const struct index *ix, uint64_t hash)
{
	return &ix->slots[(hash >> 32) * ix->homes >> 32];
}

static unsigned
distance_of(uint32_t slot)
{
	return slot >> 27;
}

static uint32_t
number_of(uint32_t slot)
{
	return slot & INDEX_MAX;
}

static uint32_t
make_slot(unsigned distance, uint64_t hash, uint32_t number)
{
	return distance * STEP | (uint32_t)(hash & 7) << 24 | number;
}

int
index_init(struct index *ix, uint32_t max)
{
	ix->homes = 2 * max;
	/* calloc: the kernel gives zeroed pages as they are used. The last slot stays free. */
	ix->slots = calloc((size_t)ix->homes + INDEX_DISTANCE_MAX + 1, sizeof(*ix->slots));
	return ix->slots ? 0 : -1;
}

void
index_free(struct index *ix)
{
	free(ix->slots);
}

void
index_announce(const struct index *ix, uint64_t hash)
{
	__builtin_prefetch(home_of(ix, hash), 1);
}

uint32_t
index_next(const struct index *ix, uint64_t hash, unsigned *distance)
{
	const uint32_t *home = home_of(ix, hash);

	for (unsigned n = *distance; n <= INDEX_DISTANCE_MAX && home[n] && distance_of(home[n]) >= n; n++) {
		if (home[n] - number_of(home[n]) == make_slot(n, hash, 0)) {
			*distance = n + 1;
			return number_of(home[n]);
		}
	}
	return 0;
}

/* NULL: not found. */
static uint32_t *
find(const struct index *ix, uint64_t hash, uint32_t number)
{
	uint32_t *home = home_of(ix, hash);

	for (unsigned n = 0; n <= INDEX_DISTANCE_MAX && home[n] && distance_of(home[n]) >= n; n++)
		if (home[n] == make_slot(n, hash, number))
			return &home[n];
	return NULL;
}

bool
index_insert(struct index *ix, uint64_t hash, uint32_t number)
{
	uint32_t *slot = home_of(ix, hash), *end;
	unsigned distance = 0;

	for (; *slot && distance_of(*slot) >= distance; slot++)
		if (distance++ == INDEX_DISTANCE_MAX)
			return false;
	for (end = slot; *end; end++)
		if (distance_of(*end) == INDEX_DISTANCE_MAX)
			return false;
	for (; end > slot; end--)
		*end = end[-1] + STEP;
	*slot = make_slot(distance, hash, number);
	return true;
}

bool
index_replace(struct index *ix, uint64_t hash, uint32_t number, uint32_t by)
{
	uint32_t *slot = find(ix, hash, number);

	if (slot)
		*slot += by - number;
	return slot;
}

bool
index_remove(struct index *ix, uint64_t hash, uint32_t number)
{
	uint32_t *slot = find(ix, hash, number);

	if (!slot)
		return false;
	for (; distance_of(slot[1]) > 0; slot++)
		*slot = slot[1] - STEP;
	*slot = 0;
	return true;
}
