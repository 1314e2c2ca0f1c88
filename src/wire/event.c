/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/event.h"

#include "lib/seq.h"
#include "lib/totp.h"
#include "wire/capture.h"

/* The unused bytes must be zero, as addr_from_bytes() leaves them, or one address would compare as two. */
static bool
has_source(const struct event *event)
{
	struct addr source = addr_from_bytes(event->source.family, event->source.bytes);

	return addr_len(&source) && addr_equal(&source, &event->source);
}

static bool
names_source(const struct event *event)
{
	return has_source(event) && event->stage >= 1 && event->stage <= SEQ_MAX;
}

static bool
names_nobody(const struct event *event)
{
	return !event->source.family && !event->stage;
}

bool
event_valid(const struct event *event, size_t n_doors)
{
	switch ((enum event_kind)event->kind) {
	case EVENT_STAGE:
	case EVENT_OPEN:
	case EVENT_TIMEOUT:
	case EVENT_SCAN:
		return event->door < n_doors && names_source(event);
	case EVENT_CODE:
		return event->door < n_doors && names_source(event) && event->count < TOTP_CODES;
	case EVENT_SUPPRESSED:
	case EVENT_DROPPED:
		return event->door < n_doors && names_nobody(event);
	case EVENT_READY:
	case EVENT_LOST:
		return !event->door && names_nobody(event);
	case EVENT_AUTH:
		return event->door <= n_doors && has_source(event) && event->stage <= SEQ_MAX;
	case EVENT_DEALT_WITH:
		return !event->door && !event->source.family && event->stage < CAPTURE_WAYS;
	}
	return false;
}

bool
event_is_told(const struct event *event)
{
	return event->kind != EVENT_AUTH && event->kind != EVENT_CODE && event->kind != EVENT_DEALT_WITH;
}
