/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The accesses of the whole group, as far as this gateway knows: for each door, address and port the newest notice,
 * until its time is over. A revoked access stays as a tombstone, so that an old notice does not bring it back. Beside
 * them the highest counter of each user's key, and since its last reset, that reset, and the one-time sequences that
 * are used up.
 */
#ifndef KNOCKD_KNOWN_H
#define KNOCKD_KNOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buckets.h"
#include "lib/timers.h"
#include "share/notice.h"

#define KNOWN_TOMB_MAX_MS (UINT64_C(7) * 86400 * 1000) /* of an access without end */

struct known_access {
	struct timer timer; /* must be first: timers_due() returns it */
	struct bucket_link link;
	struct known_access *older, *newer;
	struct notice notice;
	uint64_t end;  /* ms of the caller's clock; UINT64_MAX: none, see known_hold() */
	uint32_t seen; /* the last reading of all records in which the server had it */
	bool applied;  /* it is in force here, or was */
};

struct known {
	struct buckets buckets; /* by door and address */
	size_t n, max;
	struct known_access *oldest, *newest;
	struct known_access *next; /* where known_each() goes on */
	struct timers timers;
};

/* At most `max`. 0, or -1 without memory. */
int known_init(struct known *known, size_t max);
void known_free(struct known *known); /* zeroed is legal */

/* What is known of the same as the notice: a door, address and port; a key and reset; a sequence. NULL: nothing. */
struct known_access *known_find(const struct known *known, const struct notice *notice);

/*
 * The notice replaces what is known of its access; it ends at `end`. NULL: no memory, or there are too many. Not called
 * with an older notice.
 */
struct known_access *known_put(struct known *known, const struct notice *notice, uint64_t end);

/* The first access of this door and address, and the one after `access`; NULL: none. Any port. */
struct known_access *known_of(const struct known *known, const uint8_t door[static NOTICE_ID_LEN],
			      const struct addr *ip);
struct known_access *known_after(const struct known_access *access);

/* An access without end is due at `until`, and not before; without a call never. */
void known_hold(struct known *known, struct known_access *access, uint64_t until);

/* One that is over, or due: the caller drops it, or holds it once more. NULL: none. */
struct known_access *known_due(struct known *known, uint64_t now);
void known_drop(struct known *known, struct known_access *access);
uint64_t known_next(const struct known *known);

/* Visits all, in portions that other calls may come between: known_begin(), then known_each() until it gives NULL. */
void known_begin(struct known *known);
struct known_access *known_each(struct known *known);

#endif
