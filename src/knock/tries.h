/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connections that test whether the port behind the door is open at one address.
 *
 * They are few: firewalls and login guards count SYNs (ufw's "limit" refuses the sixth in 30 seconds), and the user's
 * own connection comes after them. So there are four SYNs in the first 3.9 seconds, counted from the first:
 *
 * - at 0, 0.4 and 0.88 s, of short connections. Each ends after 0.95 s: then the kernel would repeat its SYN, which
 *   counts like any other. Where 30 % of the packets are lost, one knock of three and one SYN of two has an effect.
 * - at 2.95 s, for a slow line or a daemon that opens late. This connection is long: the kernel repeats its SYN, as for
 *   any program, and another one begins after 30 s.
 * - at 6.95 and 14.95 s, only if the long one has failed: the server refuses.
 *
 * If there are to be half as many, they are those of 0, 0.88 and 6.95 s, of which the first one is short.
 *
 * A TCP port is open when a connection is established. A UDP port is open when our datagram (one NUL byte) is answered.
 */
#ifndef KNOCK_TRIES_H
#define KNOCK_TRIES_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "hit.h"
#include "net.h"

#define TRIES_MAX    6 /* in TRIES_WINDOW milliseconds */
#define TRIES_WINDOW 30000

struct probe {
	int fd;              /* -1: none */
	int64_t began, ends; /* ms */
};

struct tries {
	const struct place *place; /* borrowed, like the next two */
	const struct origin *origin;
	const struct hit *door;
	unsigned quota;             /* connections in TRIES_WINDOW */
	unsigned step;              /* pauses from one to the next */
	struct probe at[TRIES_MAX]; /* a ring: the n-th is at[n % quota] */
	unsigned n;                 /* connections begun so far */
	unsigned all;               /* ... and those that failed before a packet was sent */
	int64_t last;               /* ms: when the last one was begun */
	int64_t round_trip;         /* ms: how long a refusal took; 0: not known */
	int error;                  /* errno of the last one that failed; 0: none */
};

/* `quota` is from 1 to TRIES_MAX. */
void tries_start(struct tries *tries, const struct place *place, const struct origin *origin, const struct hit *door,
		 unsigned quota);

/* When may another be begun? INT64_MAX: not while a long one is under way. */
int64_t tries_next(const struct tries *tries);

/* Begins one. */
void tries_begin(struct tries *tries, int64_t now);

/* Is one under way? */
bool tries_live(const struct tries *tries);

void tries_poll(const struct tries *tries, struct pollfd slots[static TRIES_MAX]);

/* When does the first of those under way end? INT64_MAX: none is. */
int64_t tries_end_at(const struct tries *tries);

/*
 * After poll(2): ends the tries that have failed or had their time. Returns the socket of one that is open, which it
 * forgets, or -1.
 */
int tries_collect(struct tries *tries, const struct pollfd slots[static TRIES_MAX], int64_t now);

/* Ends all that are under way. */
void tries_end(struct tries *tries);

#endif
