/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The accesses that have not ended, as the journal remembers them. Sorted by id, which costs nothing,
 * since ids only rise.
 */
#ifndef KNOCKD_LIVE_H
#define KNOCKD_LIVE_H

#include <stddef.h>
#include <stdint.h>

struct live {
	uint64_t id;
	int64_t end_ms; /* boot clock */
	char *rest;     /* see struct record; NULL: it has ended, the place is waste */
};

struct live_table {
	struct live *at;
	size_t n, size, waste;
	size_t bytes;     /* of the lines that tell of all who live, about */
	uint64_t next_id; /* above every id that was ever used */
};

void live_init(struct live_table *table);
void live_free(struct live_table *table);

/* The first place whose id is not below this one; table->n: there is none. */
size_t live_seek(const struct live_table *table, uint64_t id);

/* NULL: it has ended, or never was. Valid until the table is changed. */
struct live *live_find(struct live_table *table, uint64_t id);

/* Adds one as number next_id, and takes `rest` over; NULL with errno, and `rest` stays, when memory is out. */
struct live *live_add(struct live_table *table, int64_t end_ms, char *rest);

void live_end(struct live_table *table, struct live *live);

#endif
