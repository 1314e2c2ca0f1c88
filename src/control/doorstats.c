/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "doorstats.h"

#include <stdlib.h>
#include <string.h>

#include "lib/text.h"

/* FNV-1a: names are the admin's own, so nobody chooses them to collide. */
static size_t
hash_of(const char *name)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * UINT64_C(1099511628211);
	return (size_t)hash;
}

/* The first door of this name, or NULL. */
static struct doorstats_entry *
find(const struct doorstats *stats, const char *name)
{
	size_t i = stats->n ? stats->buckets[hash_of(name) % stats->n] : 0;

	while (i && strcmp(stats->at[i - 1].name, name))
		i = stats->at[i - 1].next;
	return i ? &stats->at[i - 1] : NULL;
}

static void
insert(struct doorstats *stats, size_t i)
{
	size_t *bucket = &stats->buckets[hash_of(stats->at[i].name) % stats->n];

	stats->at[i].next = *bucket;
	*bucket = i + 1;
}

/* Backwards, so that the first of several doors of one name is found first. */
int
doorstats_follow(struct doorstats *stats, const struct conf *conf)
{
	struct doorstats anew = { .n = conf->n_doors };

	anew.at = calloc(anew.n ? anew.n : 1, sizeof(*anew.at));
	anew.buckets = calloc(anew.n ? anew.n : 1, sizeof(*anew.buckets));
	if (!anew.at || !anew.buckets) {
		doorstats_free(&anew);
		doorstats_free(stats);
		return -1;
	}
	for (size_t i = anew.n; i-- > 0;) {
		const struct doorstats_entry *old = find(stats, conf->doors[i].name);

		if (old && (i >= stats->n || strcmp(stats->at[i].name, conf->doors[i].name)))
			anew.at[i] = *old;
		else if (old)
			anew.at[i] = stats->at[i];
		text_copy(anew.at[i].name, sizeof(anew.at[i].name), conf->doors[i].name);
		insert(&anew, i);
	}
	doorstats_free(stats);
	*stats = anew;
	return 0;
}

void
doorstats_free(struct doorstats *stats)
{
	free(stats->at);
	free(stats->buckets);
	*stats = (struct doorstats){ .n = 0 };
}

void
doorstats_take(struct doorstats *stats, const struct event *event, bool refused, int64_t wall_ms)
{
	struct doorstats_entry *entry = event->door < stats->n ? &stats->at[event->door] : NULL;

	if (!entry)
		return;
	switch ((enum event_kind)event->kind) {
	case EVENT_STAGE:
		entry->hits++;
		entry->hit_ms = wall_ms;
		entry->hit_stage = event->stage;
		break;
	case EVENT_OPEN:
		entry->refusals += refused;
		entry->openings += !refused;
		entry->open_ms = refused ? entry->open_ms : wall_ms;
		break;
	case EVENT_TIMEOUT:
		entry->timeouts++;
		break;
	case EVENT_SCAN:
		entry->scans++;
		break;
	case EVENT_SUPPRESSED:
	case EVENT_DROPPED:
		entry->suppressed += event->count;
		break;
	case EVENT_READY:
	case EVENT_LOST:
	case EVENT_AUTH:
	case EVENT_CODE:
	case EVENT_DEALT_WITH:
		break;
	}
}

void
doorstats_refused(struct doorstats *stats, const struct event *event)
{
	if (event->door >= stats->n)
		return;
	if (event->kind == EVENT_AUTH)
		stats->at[event->door].signed_refusals++;
	else
		stats->at[event->door].refusals++;
}

void
doorstats_count_none(struct doorstats *stats)
{
	for (size_t i = 0; i < stats->n; i++)
		stats->at[i].live = 0;
}

void
doorstats_count(struct doorstats *stats, const char *door)
{
	struct doorstats_entry *entry = find(stats, door);

	if (entry)
		entry->live++;
}

const struct doorstats_entry *
doorstats_get(const struct doorstats *stats, size_t door)
{
	static const struct doorstats_entry none = { .hits = 0 };

	return door < stats->n ? &stats->at[door] : &none;
}
