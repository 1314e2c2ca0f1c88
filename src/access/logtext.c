/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "access/logtext.h"

#include <stdio.h>

#include "lib/seq.h"
#include "wire/capture.h"

/* An address as addr_from_bytes() makes them: two that are the same also compare so. */
static bool
names_source(const struct event *event)
{
	struct addr source = addr_from_bytes(event->source.family, event->source.bytes);

	return addr_len(&source) && addr_equal(&source, &event->source) && event->stage >= 1 && event->stage <= SEQ_MAX;
}

/* About a door, or with door 0 about none, and about nobody. */
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
	case EVENT_SUPPRESSED:
		return event->door < n_doors && names_nobody(event);
	case EVENT_READY:
	case EVENT_LOST:
		return !event->door && names_nobody(event);
	case EVENT_DEALT_WITH:
		return !event->door && !event->source.family && event->stage < CAPTURE_WAYS;
	}
	return false;
}

const char *
logtext_event(const struct event *event, const char *who, const char *door, char *buf, size_t len)
{
	switch ((enum event_kind)event->kind) {
	case EVENT_STAGE:
		snprintf(buf, len, "%s: %s: Stage %u", who, door, event->stage);
		break;
	case EVENT_OPEN:
		snprintf(buf, len, "%s: %s: OPEN SESAME", who, door);
		break;
	case EVENT_TIMEOUT:
		snprintf(buf, len, "%s: %s: sequence timeout (stage %u)", who, door, event->stage);
		break;
	case EVENT_SCAN:
		snprintf(buf, len, "%s: %s: scan, attempt dropped", who, door);
		break;
	case EVENT_SUPPRESSED:
		snprintf(buf, len, "%s: %u stage, timeout and scan lines left out", door, event->count);
		break;
	case EVENT_LOST:
		if (event->count)
			snprintf(buf, len, "%u packets were lost between kernel and knockd: too many at once",
				 event->count);
		else
			snprintf(buf, len, "packets were lost between kernel and knockd: too many at once");
		break;
	case EVENT_READY:
		snprintf(buf, len, "engine ready");
		break;
	case EVENT_DEALT_WITH:
		snprintf(buf, len, "packets up to %u are dealt with", event->count);
		break;
	}
	return buf;
}
