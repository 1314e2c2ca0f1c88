/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What knockctl top shows: made from the daemon's answers and events. Pure, but for memory. */
#ifndef KNOCKD_TOP_STATE_H
#define KNOCKD_TOP_STATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOP_EVENTS 64 /* lines of events kept */
#define TOP_TEXT   160

struct top_access {
	char ip[64];
	char door[160];
	int64_t since_ms, until_ms; /* wall clock; 0: unknown, no end */
};

struct top_door {
	char name[160];
	int64_t hits, openings, timeouts, scans;
};

enum top_order { TOP_BY_END, TOP_BY_CLIENT, TOP_BY_DOOR, TOP_ORDERS };

struct top_rates {
	int64_t hits, lost; /* packets a second */
};

struct top {
	struct top_access *accesses;
	size_t n_accesses;
	struct top_door *doors;
	size_t n_doors;
	char events[TOP_EVENTS][TOP_TEXT]; /* a ring; `n_events` were written so far */
	size_t n_events;
	json_t *stats;    /* the last answer */
	int64_t stats_ms; /* monotonic, when it came */
	struct top_rates rates;
	bool stale; /* an event may have changed the accesses */
	enum top_order order;
	char filter[64]; /* "": none */
};

void top_free(struct top *top);

/* Answers: arrays of objects, and the object of stats, which is taken over. 0, or -1: no memory. */
int top_take_accesses(struct top *top, const json_t *list);
int top_take_doors(struct top *top, const json_t *doors);
void top_take_stats(struct top *top, json_t *stats, int64_t now_ms);

/* An event of watch. */
void top_take_event(struct top *top, const json_t *event);

/* Sorts the accesses, and removes those that are over. */
void top_settle(struct top *top, int64_t wall_ms);

/* Does the filter let this one be seen? */
bool top_sees(const struct top *top, const struct top_access *access);

/* Of the time of an access, how many parts of `parts` are left; all of them without an end. */
int top_left(const struct top_access *access, int64_t wall_ms, int parts);

#endif
