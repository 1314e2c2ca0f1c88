/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Waits until the door is open: connects to the port behind it until that succeeds, and repeats the knock with growing
 * pauses.
 *
 * A TCP port is open when a connection is established, a UDP port when our datagram (one NUL byte) is answered; a UDP
 * service that does not answer it cannot be waited for. Refusal and silence both mean shut: a firewall may reject or
 * drop, and the service may still be starting.
 *
 * Several connection attempts run at once: the kernel repeats a SYN that came before the door opened only after a
 * second, while a new attempt gets in at once.
 */
#ifndef KNOCK_WAIT_H
#define KNOCK_WAIT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "hit.h"
#include "net.h"

/* One knock: hits, destinations, origin. All pointers are borrowed. */
struct knocking {
	const struct hits *hits;
	const struct places *places;
	const struct origin *origin;
	int64_t delay; /* milliseconds after each hit */
	FILE *verbose; /* NULL: silent */
};

struct waiting {
	const struct knocking *knocking;
	struct hit door;
	int64_t timeout; /* milliseconds, from the end of the first knock */
	/* filled in for wait_explain() */
	unsigned knocks; /* the first one included */
	unsigned tries;
	int last_error; /* errno of the last connection that failed; 0: no answer at all */
};

/* Knocks once at every place. Returns the number of hits sent; with verbose, prints why others were not. */
size_t wait_knock(const struct knocking *knocking);

/* Waits, after wait_knock(). Returns a connected blocking socket, or -1 when the time is over. */
int wait_open(struct waiting *waiting);

/* Describes the failed wait in one line. Returns `buf`. */
const char *wait_explain(const struct waiting *waiting, char *buf, size_t len);

#endif
