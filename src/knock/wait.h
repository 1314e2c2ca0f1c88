/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Did the door open? Connects to the port behind it until that succeeds, and knocks again with
 * growing pauses as long as it does not.
 *
 * TCP is open when a connection is established. UDP has no such thing: it counts as open only when
 * an answer to our datagram (one NUL byte) comes back, so a service that keeps silent on it can not
 * be waited for. "Refused" and silence both mean shut: a door may reject, drop, or open onto a
 * service that is just starting.
 *
 * Several connection attempts are on their way at once. A SYN that came before the door opened is
 * lost and the kernel repeats it only after a second; a fresh one gets in at once.
 */
#ifndef KNOCK_WAIT_H
#define KNOCK_WAIT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "hit.h"
#include "net.h"

/* One knock: what, where to, where from. Everything is borrowed. */
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
	/* filled in for the message when the door stays shut */
	unsigned knocks; /* the first one included */
	unsigned tries;
	int last_error; /* errno of the last connection that failed, 0: no answer at all */
};

/* Knocks once over every place. Returns how many hits could be sent at all; with verbose, says why not. */
size_t wait_knock(const struct knocking *knocking);

/*
 * Waits, after wait_knock(). Returns a connected blocking socket, or -1 when the time is over.
 */
int wait_open(struct waiting *waiting);

/* Says in one line what was tried in vain. */
const char *wait_explain(const struct waiting *waiting, char *buf, size_t len);

#endif
