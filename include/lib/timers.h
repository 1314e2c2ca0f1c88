/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Deadlines, nearest first: a binary heap of timers that live inside what they are about.
 */
#ifndef KNOCKD_TIMERS_H
#define KNOCKD_TIMERS_H

#include <stddef.h>
#include <stdint.h>

struct timer {
	uint64_t at; /* ms, on whatever clock the owner uses throughout */
	size_t slot; /* place in the heap, 0: not armed */
};

struct timers {
	struct timer **heap; /* [1..n] */
	size_t n, size;
};

/* Start with zeroes. Frees the heap, not the timers. */
void timers_free(struct timers *timers);

/* Arms the timer, or moves it when it is armed. 0, or -1 with errno when memory is out (a move cannot fail). */
int timers_arm(struct timers *timers, struct timer *timer, uint64_t at);
void timers_disarm(struct timers *timers, struct timer *timer);

/* When the nearest is due; UINT64_MAX: none is armed. */
uint64_t timers_next(const struct timers *timers);

/* Takes one that is due at `now` off the heap and returns it; NULL: none is. */
struct timer *timers_due(struct timers *timers, uint64_t now);

#endif
