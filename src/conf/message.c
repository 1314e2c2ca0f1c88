/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "message.h"

#include <stdarg.h>
#include <stdio.h>

#include "lib/text.h"

void
message_tell(struct parser *p, enum conf_severity severity, const char *fmt, ...)
{
	char text[TEXT_LINE_MAX + 512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	p->report(p->arg, severity, text);
}

void
message_fail(struct parser *p, const char *fmt, ...)
{
	char text[TEXT_LINE_MAX + 256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	message_tell(p, CONF_ERROR, "config: line %d: %s%s (%s)", p->line, text, p->hint, p->path);
	p->errors++;
	p->bad_door = true;
}

void
message_warn(struct parser *p, const char *fmt, ...)
{
	char text[TEXT_LINE_MAX + 256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	message_tell(p, CONF_WARNING, "config: line %d: warning: %s (%s)", p->line, text, p->path);
}
