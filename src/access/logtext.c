/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "access/logtext.h"

#include <stdio.h>

#include "lib/duration.h"
#include "lib/text.h"

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
	case EVENT_AUTH:
	case EVENT_CODE:
	case EVENT_DEALT_WITH:
		*buf = '\0';
		break;
	}
	return buf;
}

static const char *
outcome(const struct nftset_op *op, enum logtext_kind kind)
{
	switch (kind) {
	case LOGTEXT_GRANT:
		return "access granted";
	case LOGTEXT_REVOKE:
		return op->result == NFTSET_ABSENT ? "no access to revoke" : "access revoked";
	case LOGTEXT_BAN:
		break;
	}
	return "banned";
}

const char *
logtext_element(const struct nftset_op *op, enum logtext_kind kind, const char *who, const char *door, char *buf,
		size_t len)
{
	char element[ELEMENT_TEXT_MAX];
	struct pen pen = text_pen(buf, len);

	text_write(&pen, who, ": ", door, ": ", outcome(op, kind), ": ",
		   element_for(op->element, &op->ip, element, sizeof(element)), NULL);
	if (op->add)
		text_write(&pen, op->lifetime_ms ? " for " : " without end", NULL);
	if (op->add && op->lifetime_ms)
		duration_write(&pen, op->lifetime_ms);
	return buf;
}

const char *
logtext_kind_name(enum logtext_kind kind)
{
	switch (kind) {
	case LOGTEXT_GRANT:
		return "grant";
	case LOGTEXT_REVOKE:
		return "revoke";
	case LOGTEXT_BAN:
		break;
	}
	return "ban";
}
