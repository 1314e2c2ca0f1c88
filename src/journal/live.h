/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The journal's copy of the accesses that have not ended. Sorted by id at no cost, since ids only rise.
 */
#ifndef KNOCKD_LIVE_H
#define KNOCKD_LIVE_H

#include <stddef.h>
#include <stdint.h>

#include "record.h"

struct live {
	uint64_t id;
	int64_t end_ms; /* boot clock */
	char *rest;     /* see struct record; NULL: ended, the place is unused */
};

struct live_table {
	struct live *at;
	size_t n, size, waste;
	size_t bytes;     /* approximate length of the lines of all live accesses */
	uint64_t next_id; /* above every id that was ever used */
};

void live_init(struct live_table *table);
void live_free(struct live_table *table);

/* The first place with this id or a higher one, or table->n. */
size_t live_seek(const struct live_table *table, uint64_t id);

/* NULL: ended or unknown. Valid until the table is changed. */
struct live *live_find(struct live_table *table, uint64_t id);

/* Adds an access with id next_id and takes over `rest`; out of memory: NULL with errno, `rest` stays the caller's. */
struct live *live_add(struct live_table *table, int64_t end_ms, char *rest);

void live_end(struct live_table *table, struct live *live);

/*
 * Its line, to be written now; borrows `rest`. The end is computed on the current wall clock: a step since the end was
 * set must not get into the file.
 */
struct record live_record(const struct live *live, enum record_verb verb);

#endif
