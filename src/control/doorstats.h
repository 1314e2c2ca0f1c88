/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What each door has seen since the daemon's start, counted by the parent from the engine's events. A reload keeps the
 * numbers of doors whose name stays.
 */
#ifndef KNOCKD_DOORSTATS_H
#define KNOCKD_DOORSTATS_H

#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"
#include "wire/event.h"

struct doorstats_entry {
	char name[DOOR_NAME_MAX];
	uint64_t hits; /* accepted packets of knocks; fewer than there were, when the engine leaves events out */
	uint64_t openings, timeouts, scans, refusals;
	uint64_t signed_refusals; /* of signed knocks that say that they are for this door */
	uint64_t suppressed;      /* events left out, openings too */
	uint64_t live;            /* accesses now; see doorstats_count() */
	int64_t hit_ms;           /* wall clock, of the last hit; 0: none */
	int64_t open_ms;          /* ... and of the last opening */
	uint32_t hit_stage;       /* of the last hit */
	size_t next;              /* plus one: the next entry with this hash of its name */
};

struct doorstats {
	struct doorstats_entry *at; /* by door */
	size_t n;
	size_t *buckets; /* `n` of them: the first entry, plus one */
};

/* This configuration is in force now. 0, or -1: no memory, and the numbers are lost. */
int doorstats_follow(struct doorstats *stats, const struct conf *conf);
void doorstats_free(struct doorstats *stats);

/* Takes an event that event_valid() has passed; `refused`: an opening that did nothing. */
void doorstats_take(struct doorstats *stats, const struct event *event, bool refused, int64_t wall_ms);

/* A knock was refused before it was an opening, see admin_refused(). */
void doorstats_refused(struct doorstats *stats, const struct event *event);

/* Counts live accesses: forget the old numbers, then add each access by its door's name. */
void doorstats_count_none(struct doorstats *stats);
void doorstats_count(struct doorstats *stats, const char *door);

/* The door's numbers; zero for a door that is not known yet. */
const struct doorstats_entry *doorstats_get(const struct doorstats *stats, size_t door);

#endif
