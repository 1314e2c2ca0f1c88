/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Attempts under way, as far as the parent knows them from the engine's events; it cannot ask the engine. The engine
 * reports only the ends by success, timeout and scan, and leaves out stages when there are many. The exact number of
 * attempts is in the counters. Pure: a ring of fixed size, in which the newest replaces the oldest.
 */
#ifndef KNOCKD_ATTEMPTS_H
#define KNOCKD_ATTEMPTS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "wire/event.h"

#define ATTEMPTS_MAX 1024

struct attempts_entry {
	struct addr ip; /* family 0: no attempt */
	uint16_t chain; /* see attempts.c */
	uint32_t door;
	uint32_t stage;
	int64_t since_ms; /* boot clock, of its first event */
};

struct attempts {
	struct attempts_entry at[ATTEMPTS_MAX];
	uint16_t buckets[ATTEMPTS_MAX]; /* see attempts.c */
	size_t next;                    /* the oldest, which the next attempt replaces */
};

/* Takes an event that event_valid() has passed. `attempts` is all zero at first. */
void attempts_take(struct attempts *attempts, const struct event *event, int64_t now_ms);

/* A new engine runs: it knows no attempts, and its doors may have other numbers. */
void attempts_forget(struct attempts *attempts);

/* The i-th of ATTEMPTS_MAX places, oldest first. */
const struct attempts_entry *attempts_get(const struct attempts *attempts, size_t i);

#endif
