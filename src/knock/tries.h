/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connections that test whether the port behind the door is open at one address.
 *
 * They are few: firewalls and login guards count them (ufw's "limit" refuses the sixth in 30 seconds), and the user's
 * own connection comes after them. So each lives on, and the kernel repeats its SYN after a second, as for any program.
 * The second is begun after the first repeated knock, for a daemon that needed a moment to open, or a line that loses
 * packets. After the fourth a further one adds little while an earlier one lives, and if all were refused there must be
 * some left for a door that opens late: it waits longer.
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
	int fd;        /* -1: none */
	int64_t began; /* ms */
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

/* May another be begun at this time? */
bool tries_due(const struct tries *tries, int64_t now);

/* Begins one. It takes the place of the oldest, which is then TRIES_WINDOW old. */
void tries_begin(struct tries *tries, int64_t now);

/* Is one under way? */
bool tries_live(const struct tries *tries);

void tries_poll(const struct tries *tries, struct pollfd slots[static TRIES_MAX]);

/* After poll(2): ends the tries that have failed. Returns the socket of one that is open, which it forgets, or -1. */
int tries_collect(struct tries *tries, const struct pollfd slots[static TRIES_MAX], int64_t now);

/* Ends all that are under way. */
void tries_end(struct tries *tries);

#endif
