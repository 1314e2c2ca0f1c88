/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/text.h"

static const char *
text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

static int64_t
number_of(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

void
top_free(struct top *top)
{
	free(top->accesses);
	free(top->doors);
	json_decref(top->stats);
	*top = (struct top){ .n_events = 0 };
}

int
top_take_accesses(struct top *top, const json_t *list)
{
	size_t n = json_array_size(list);
	struct top_access *anew = calloc(n ? n : 1, sizeof(*anew));

	if (!anew)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const json_t *access = json_array_get(list, i);

		text_copy(anew[i].ip, sizeof(anew[i].ip), text_of(access, "ip"));
		text_copy(anew[i].door, sizeof(anew[i].door), text_of(access, "door"));
		anew[i].since_ms = number_of(access, "since_ms");
		anew[i].until_ms = number_of(access, "until_ms");
	}
	free(top->accesses);
	top->accesses = anew;
	top->n_accesses = n;
	top->stale = false;
	return 0;
}

int
top_take_doors(struct top *top, const json_t *doors)
{
	size_t n = json_array_size(doors);
	struct top_door *anew = calloc(n ? n : 1, sizeof(*anew));

	if (!anew)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const json_t *door = json_array_get(doors, i);

		text_copy(anew[i].name, sizeof(anew[i].name), text_of(door, "name"));
		anew[i].hits = number_of(door, "hits");
		anew[i].openings = number_of(door, "openings");
		anew[i].timeouts = number_of(door, "timeouts");
		anew[i].scans = number_of(door, "scans");
	}
	free(top->doors);
	top->doors = anew;
	top->n_doors = n;
	return 0;
}

static int64_t
rate(const struct top *top, const json_t *stats, const char *name, int64_t now_ms)
{
	int64_t ms = now_ms - top->stats_ms, more = number_of(stats, name) - number_of(top->stats, name);

	return top->stats && ms > 0 && more > 0 ? (more * 1000 + ms / 2) / ms : 0;
}

void
top_take_stats(struct top *top, json_t *stats, int64_t now_ms)
{
	top->rates =
	    (struct top_rates){ .hits = rate(top, stats, "packets", now_ms), .lost = rate(top, stats, "lost", now_ms) };
	json_decref(top->stats);
	top->stats = stats;
	top->stats_ms = now_ms;
}

/* ---- events ---------------------------------------------------------------------------------------------- */

static void
count(struct top *top, const char *event, const char *name)
{
	for (size_t i = 0; i < top->n_doors; i++) {
		struct top_door *door = &top->doors[i];

		if (strcmp(door->name, name))
			continue;
		door->hits += !strcmp(event, "stage");
		door->openings += !strcmp(event, "open");
		door->timeouts += !strcmp(event, "timeout");
		door->scans += !strcmp(event, "scan");
		return;
	}
}

static void
add_line(struct top *top, int64_t wall_ms, const char *text)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm tm;
	char clock[16], clean[TOP_TEXT];

	localtime_r(&seconds, &tm);
	strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	snprintf(top->events[top->n_events++ % TOP_EVENTS], TOP_TEXT, "%s  %.140s", clock,
		 text_utf8(text, true, clean, sizeof(clean)));
}

void
top_take_event(struct top *top, const json_t *event)
{
	const char *kind = text_of(event, "event"), *door = text_of(event, "door"), *ip = text_of(event, "ip");
	char text[TOP_TEXT];

	count(top, kind, door);
	top->stale = top->stale || !strcmp(kind, "open") || !strcmp(kind, "notice") || !strcmp(kind, "missed");
	if (!strcmp(kind, "watching") || !strcmp(kind, "ready"))
		return;
	if (*ip && json_object_get(event, "stage"))
		snprintf(text, sizeof(text), "%s: %.60s: %s %lld", ip, door, kind,
			 (long long)number_of(event, "stage"));
	else if (*ip)
		snprintf(text, sizeof(text), "%s: %.60s: %s", ip, door, kind);
	else if (json_object_get(event, "count"))
		snprintf(text, sizeof(text), "%.60s: %lld %s", door, (long long)number_of(event, "count"), kind);
	else
		snprintf(text, sizeof(text), "%.150s", text_of(event, "text"));
	add_line(top, number_of(event, "time_ms"), text);
}

/* ---- the table ------------------------------------------------------------------------------------------- */

static int
compare_ends(const struct top_access *a, const struct top_access *b)
{
	uint64_t x = a->until_ms ? (uint64_t)a->until_ms : UINT64_MAX,
		 y = b->until_ms ? (uint64_t)b->until_ms : UINT64_MAX;

	return x < y ? -1 : x > y;
}

/* qsort_r */
static int
compare(const void *a, const void *b, void *order)
{
	const struct top_access *x = a, *y = b;
	int by_door = strcmp(x->door, y->door), by_client = strcmp(x->ip, y->ip), by_end = compare_ends(x, y);

	switch (*(enum top_order *)order) {
	case TOP_BY_CLIENT:
		return by_client ? by_client : by_door;
	case TOP_BY_DOOR:
		return by_door ? by_door : by_end ? by_end : by_client;
	case TOP_BY_END:
	case TOP_ORDERS:
		break;
	}
	return by_end ? by_end : by_client ? by_client : by_door;
}

void
top_settle(struct top *top, int64_t wall_ms)
{
	size_t kept = 0;

	for (size_t i = 0; i < top->n_accesses; i++)
		if (!top->accesses[i].until_ms || top->accesses[i].until_ms > wall_ms)
			top->accesses[kept++] = top->accesses[i];
	top->n_accesses = kept;
	if (kept)
		qsort_r(top->accesses, kept, sizeof(*top->accesses), compare, &top->order);
}

bool
top_sees(const struct top *top, const struct top_access *access)
{
	return strstr(access->ip, top->filter) || strstr(access->door, top->filter);
}

int
top_left(const struct top_access *access, int64_t wall_ms, int parts)
{
	int64_t whole = access->until_ms - access->since_ms, left = access->until_ms - wall_ms;

	if (!access->until_ms || !access->since_ms || whole <= 0 || left >= whole)
		return parts;
	return left <= 0 ? 0 : (int)((left * parts + whole - 1) / whole);
}
