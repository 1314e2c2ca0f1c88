/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "live.h"

#include <stdlib.h>
#include <string.h>

#define LINE_EXTRA 64 /* approximate length of a line without `rest` */

void
live_init(struct live_table *table)
{
	*table = (struct live_table){ .next_id = 1 };
}

void
live_free(struct live_table *table)
{
	for (size_t i = 0; i < table->n; i++)
		free(table->at[i].rest);
	free(table->at);
	live_init(table);
}

size_t
live_seek(const struct live_table *table, uint64_t id)
{
	size_t low = 0, high = table->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table->at[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct live *
live_find(struct live_table *table, uint64_t id)
{
	size_t i = live_seek(table, id);

	return i < table->n && table->at[i].id == id && table->at[i].rest ? &table->at[i] : NULL;
}

static int
grow(struct live_table *table)
{
	size_t size = table->size ? table->size * 2 : 64;
	struct live *at = reallocarray(table->at, size, sizeof(*at));

	if (!at)
		return -1;
	table->at = at;
	table->size = size;
	return 0;
}

struct live *
live_add(struct live_table *table, int64_t end_ms, char *rest)
{
	if (table->n == table->size && grow(table))
		return NULL;
	table->bytes += strlen(rest) + LINE_EXTRA;
	table->at[table->n] = (struct live){ table->next_id++, end_ms, rest };
	return &table->at[table->n++];
}

static void
squeeze(struct live_table *table)
{
	size_t n = 0;

	for (size_t i = 0; i < table->n; i++)
		if (table->at[i].rest)
			table->at[n++] = table->at[i];
	table->n = n;
	table->waste = 0;
}

void
live_end(struct live_table *table, struct live *live)
{
	table->bytes -= strlen(live->rest) + LINE_EXTRA;
	free(live->rest);
	live->rest = NULL;
	if (++table->waste > table->n / 2)
		squeeze(table);
}

struct record
live_record(const struct live *live, enum record_verb verb)
{
	struct moment now = moment_now();
	int64_t left = live->end_ms - now.boot_ms;

	return (struct record){ verb, live->id, moment_after(now, left), left, live->rest };
}
