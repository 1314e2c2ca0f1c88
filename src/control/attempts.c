/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "attempts.h"

#include <string.h>

/*
 * Hash chains: places are numbered from 1, and 0 ends a chain. An attempt is in its bucket's chain while it has an
 * address, so that a flood of knocks does not search all places for each event.
 */
static uint16_t *
bucket_of(struct attempts *a, const struct addr *ip)
{
	uint32_t hash = 0;

	for (size_t i = 0; i < sizeof(ip->bytes); i++)
		hash = (hash ^ ip->bytes[i]) * 0x01000193; /* FNV's prime; long chains would only slow down the list */
	return &a->buckets[hash % ATTEMPTS_MAX];
}

static struct attempts_entry *
find(struct attempts *a, const struct event *event)
{
	for (uint16_t i = *bucket_of(a, &event->source); i; i = a->at[i - 1].chain)
		if (a->at[i - 1].door == event->door && addr_equal(&a->at[i - 1].ip, &event->source))
			return &a->at[i - 1];
	return NULL;
}

static void
remove_from(struct attempts *a, struct attempts_entry *attempt)
{
	uint16_t number = (uint16_t)(attempt - a->at + 1), *link;

	if (!attempt->ip.family)
		return;
	for (link = bucket_of(a, &attempt->ip); *link != number; link = &a->at[*link - 1].chain)
		;
	*link = attempt->chain;
	attempt->ip.family = 0;
}

static void
advance(struct attempts *a, const struct event *event, int64_t now_ms)
{
	struct attempts_entry *attempt = find(a, event);
	uint16_t *bucket = bucket_of(a, &event->source);

	/* a first stage begins another attempt */
	if (attempt && event->stage > 1) {
		attempt->stage = event->stage;
		return;
	}
	if (attempt)
		remove_from(a, attempt);
	attempt = &a->at[a->next];
	a->next = (a->next + 1) % ATTEMPTS_MAX;
	remove_from(a, attempt);
	*attempt = (struct attempts_entry){
		.ip = event->source, .chain = *bucket, .door = event->door, .stage = event->stage, .since_ms = now_ms
	};
	*bucket = (uint16_t)(attempt - a->at + 1);
}

static void
end(struct attempts *a, const struct event *event)
{
	struct attempts_entry *attempt = find(a, event);

	if (attempt)
		remove_from(a, attempt);
}

void
attempts_take(struct attempts *a, const struct event *event, int64_t now_ms)
{
	switch ((enum event_kind)event->kind) {
	case EVENT_STAGE:
		advance(a, event, now_ms);
		break;
	case EVENT_OPEN:
	case EVENT_CODE:
	case EVENT_TIMEOUT:
	case EVENT_SCAN:
		end(a, event);
		break;
	case EVENT_READY:
	case EVENT_SUPPRESSED:
	case EVENT_DROPPED:
	case EVENT_LOST:
	case EVENT_AUTH:
	case EVENT_DEALT_WITH:
		break;
	}
}

void
attempts_forget(struct attempts *a)
{
	memset(a, 0, sizeof(*a));
}

const struct attempts_entry *
attempts_get(const struct attempts *a, size_t i)
{
	return &a->at[(a->next + i) % ATTEMPTS_MAX];
}
