/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "access/logtext.h"

#include <stdio.h>

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
	case EVENT_DROPPED:
		snprintf(buf, len, "%s: %u openings left out: too many at once", door, event->count);
		break;
	case EVENT_LOST:
		if (event->count)
			snprintf(buf, len, "%u packets were lost between kernel and knockd: too many at once",
				 event->count);
		else
			snprintf(buf, len, "packets were lost between kernel and knockd: too many at once");
		break;
	case EVENT_READY:
	case EVENT_DEALT_WITH:
		*buf = '\0';
		break;
	}
	return buf;
}
