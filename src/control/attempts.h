/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Attempts under way as the parent knows them: from what the engine has told, since it can be asked nothing. The
 * engine tells no end but success, timeout and a scan, and not every stage when there are many, so this is what can be
 * seen and not how many there are; that is in the counters. Pure: a ring of fixed size, the newest push out the
 * oldest.
 */
#ifndef KNOCKD_ATTEMPTS_H
#define KNOCKD_ATTEMPTS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "wire/event.h"

#define ATTEMPTS_MAX 1024

struct attempts_entry {
	struct addr ip; /* family 0: there is none */
	uint16_t chain; /* see attempts.c */
	uint32_t door;
	uint32_t stage;
	int64_t since_ms; /* boot clock: when it was first told of */
};

struct attempts {
	struct attempts_entry at[ATTEMPTS_MAX];
	uint16_t buckets[ATTEMPTS_MAX]; /* see attempts.c */
	size_t next;                    /* where the next begins: the oldest */
};

/* Starts with zeroes; takes an event that event_valid() has passed. */
void attempts_take(struct attempts *attempts, const struct event *event, int64_t now_ms);

/* Doors have other numbers now, or nobody remembers attempts any more. */
void attempts_forget(struct attempts *attempts);

/* The i-th of ATTEMPTS_MAX places, oldest first. */
const struct attempts_entry *attempts_get(const struct attempts *attempts, size_t i);

#endif
