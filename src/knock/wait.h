/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knocks, and waits until the door is open: connects to the port behind it until that succeeds, and repeats the knock.
 *
 * Refusal and silence both mean shut: a firewall may reject or drop, and the service may still be starting. A knock is
 * repeated after a time in which the last one had an effect on most lines, longer if the round trip is known to be
 * longer. The pauses grow, and each is random within limits: two clients behind one address end each other's attempts,
 * and must not do so in step.
 *
 * If a name has several addresses, they race as RFC 8305 has it: the next address is knocked at and tried when the
 * connection to the one before has failed, or has had no answer for a while.
 */
#ifndef KNOCK_WAIT_H
#define KNOCK_WAIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hit.h"
#include "knocking.h"
#include "net.h"
#include "tries.h"

/* Knocks and connections at one address. Times in milliseconds. */
struct path {
	const struct place *place;
	struct round round; /* the knock under way, or the next one */
	int64_t began;      /* ... its first hit */
	int64_t pause;      /* before the next one */
	int64_t hit_at;     /* next hit */
	int64_t try_at;     /* next connection, or later, when the tries have one left */
	int refusal;        /* errno: this machine does not let the knock out; 0: it does */
	struct tries tries;
};

/* Set the first four; zero the rest. */
struct waiting {
	const struct knocking *knocking; /* borrowed, like the places */
	const struct places *places;
	struct hit door; /* port 0: only knock */
	int64_t timeout; /* milliseconds, from the end of the first knock */

	struct path paths[PLACES_MAX]; /* to the places, in their order */
	size_t n;                      /* begun */
	int64_t end_at;                /* 0: wait_open() was not called */
	unsigned knocks;               /* complete ones */
	bool refused;                  /* at every place, and the user was told */
	const struct place *open;      /* where wait_open() has connected */
	bool closed;                   /* set by the caller: a connection ended at once, the reason if no other opens */
};

/* Knocks once at the first places. Returns the number of hits sent. */
size_t wait_knock(struct waiting *waiting);

/*
 * Waits, after wait_knock(). Returns a connected blocking socket, or -1 when the time is over. May be called again if
 * the socket turns out to be worth nothing; the time goes on.
 */
int wait_open(struct waiting *waiting);
bool wait_over(const struct waiting *waiting);

/*
 * Did this machine let no knock out, for a reason that does not go away, such as its firewall? Then prints it. For a
 * knock that waits for nothing; wait_open() does the same.
 */
bool wait_refused(const struct waiting *waiting);

/* Describes the failed wait in one line. Returns `buf`. */
const char *wait_explain(const struct waiting *waiting, char *buf, size_t len);

#endif
