/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Deadlines, nearest first: a binary heap of timers that are members of the caller's structs.
 */
#ifndef KNOCKD_TIMERS_H
#define KNOCKD_TIMERS_H

#include <stddef.h>
#include <stdint.h>

struct timer {
	uint64_t at; /* ms, on the caller's clock */
	size_t slot; /* place in the heap, 0: not armed */
};

struct timers {
	struct timer **heap; /* [1..n] */
	size_t n, size;
};

/* Start with zeroes. Frees the heap, not the timers. */
void timers_free(struct timers *timers);

/* Arms the timer, or moves an armed one. 0, or -1 with errno if memory is out (a move cannot fail). */
int timers_arm(struct timers *timers, struct timer *timer, uint64_t at);
void timers_disarm(struct timers *timers, struct timer *timer);

/* The nearest deadline; UINT64_MAX: none is armed. */
uint64_t timers_next(const struct timers *timers);

/* Disarms and returns a timer that is due at `now`, or NULL. */
struct timer *timers_due(struct timers *timers, uint64_t now);

#endif
