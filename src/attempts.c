/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "attempts.h"

#include <string.h>

static struct attempt *
find(struct attempts *a, const struct event *event)
{
	for (size_t i = 0; i < ATTEMPTS_MAX; i++)
		if (a->at[i].door == event->door && addr_equal(&a->at[i].ip, &event->source))
			return &a->at[i];
	return NULL;
}

static void
advance(struct attempts *a, const struct event *event, int64_t now_ms)
{
	struct attempt *attempt = find(a, event);

	/* the first stage again is another attempt */
	if (attempt && event->stage > 1) {
		attempt->stage = event->stage;
		return;
	}
	if (attempt)
		attempt->ip.family = 0;
	a->at[a->next] = (struct attempt){
		.ip = event->source, .door = event->door, .stage = event->stage, .since_ms = now_ms };
	a->next = (a->next + 1) % ATTEMPTS_MAX;
}

static void
end(struct attempts *a, const struct event *event)
{
	struct attempt *attempt = find(a, event);

	if (attempt)
		attempt->ip.family = 0;
}

void
attempts_take(struct attempts *a, const struct event *event, int64_t now_ms)
{
	switch ((enum event_kind)event->kind) {
	case EVENT_STAGE:
		advance(a, event, now_ms);
		break;
	case EVENT_OPEN:
	case EVENT_TIMEOUT:
	case EVENT_SCAN:
		end(a, event);
		break;
	case EVENT_READY:
	case EVENT_SUPPRESSED:
	case EVENT_LOST:
	case EVENT_DEALT_WITH:
		break;
	}
}

void
attempts_forget(struct attempts *a)
{
	memset(a, 0, sizeof(*a));
}

const struct attempt *
attempts_get(const struct attempts *a, size_t i)
{
	return &a->at[(a->next + i) % ATTEMPTS_MAX];
}
