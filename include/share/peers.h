/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The other gateways of the group. Each numbers its notices within a run of its daemon, so that a missing one is
 * noticed: the server forgets messages that it cannot deliver.
 */
#ifndef KNOCKD_PEERS_H
#define KNOCKD_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "share/notice.h"

#define PEERS_MAX    64
#define PEERS_GAP_MS 2000 /* a notice that comes so late is missing */

struct peer {
	uint64_t origin, run;
	char name[NOTICE_TEXT]; /* "": not known yet */
	uint64_t newest;        /* the highest number; 0: none was numbered */
	uint64_t before;        /* bit i: number newest - i has come */
	uint64_t hole_at;       /* ms: since when one is missing; 0: none is */
	uint64_t heard_at;      /* ms */
	uint64_t links;         /* how often it has connected to the server */
	uint64_t filled;        /* as in its last HELLO */
	uint64_t received, gaps;
};

struct peers {
	struct peer at[PEERS_MAX];
	size_t n;
};

/* Times are in ms of one clock that does not step. True: a new gateway, a new run of one, or
 * it has connected anew: it may have missed something. */
bool peers_hear(struct peers *peers, const struct notice *notice, uint64_t now);

/* How many gateways lack a notice for too long; counts that once. */
size_t peers_missing(struct peers *peers, uint64_t now);

/* When peers_missing() may say more; UINT64_MAX: never. */
uint64_t peers_next(const struct peers *peers);

/*
 * Has each gateway that was heard of at `alive` (ms) or later said that the server has all that it knew at `since`, a
 * time of the group's clock?
 */
bool peers_have_filled(const struct peers *peers, uint64_t alive, uint64_t since);

/* NULL: not known. */
const struct peer *peers_find(const struct peers *peers, uint64_t origin);

#endif
