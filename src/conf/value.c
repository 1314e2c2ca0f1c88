/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "value.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"
#include "message.h"

void
value_string(struct parser *p, char **to, const char *value)
{
	char *copy = strdup(value);

	if (!copy) {
		message_fail(p, "out of memory");
		return;
	}
	free(*to);
	*to = copy;
}

/* knockd 0.8 takes every value literally: a trailing "# comment" is part of the file name. */
static void
warn_literal(struct parser *p, const char *value)
{
	const char *hint = hint_literal(value);
	char text[HINT_LEN];

	if (!*hint)
		hint = hint_blank(value, text);
	if (*hint)
		message_warn(p, "\"%s\" is taken literally%s", value, hint);
}

void
value_path(struct parser *p, char **to, const char *value)
{
	warn_literal(p, value);
	value_string(p, to, value);
}

/* "30s", "5 min": other keys have units. */
static const char *
hint_unit(const char *rest)
{
	return isalpha((unsigned char)rest[strspn(rest, " \t")]) ? ": the number is in seconds" : "";
}

int64_t
value_seconds(struct parser *p, const char *key, const char *value)
{
	char *end;
	long long n = strtoll(value, &end, 10);

	if (end == value)
		message_warn(p, "%s: \"%s\" is not a number and counts as 0%s", key, value, p->hint);
	else if (*end)
		message_warn(p, "%s: \"%s\" after the number is ignored%s", key, end,
			     *p->hint ? p->hint : hint_unit(end));
	if (n > INT_MAX || n < INT_MIN) {
		message_warn(p, "%s: %s is out of range", key, value);
		n = n > 0 ? INT_MAX : INT_MIN;
	}
	return n;
}

int
value_number(struct parser *p, const char *key, const char *value, long min, long max, long *n)
{
	char *end;

	*n = strtol(value, &end, 10);
	if (end == value || *end || *n < min || *n > max) {
		message_fail(p, "syntax error: %s must be a number from %ld to %ld, not \"%s\"", key, min, max, value);
		return -1;
	}
	return 0;
}

bool
value_switch(struct parser *p, const char *key, const char *value)
{
	bool is;

	if (!text_flag(&is, value))
		return is;
	message_fail(p, "syntax error: %s must be yes or no, not \"%s\"", key, value);
	return false;
}

void
value_element(struct parser *p, struct element_list *grants, const char *key, const char *value)
{
	char err[256];
	struct element *at;

	grants->given = true;
	if (!*value)
		return; /* an empty value: no element for this family */
	at = reallocarray(grants->at, grants->n + 1, sizeof(*at));
	if (!at) {
		message_fail(p, "out of memory");
		return;
	}
	grants->at = at;
	if (element_parse(&at[grants->n], value, err, sizeof(err)))
		message_fail(p, "syntax error: %s: %s, in [%s]", key, err, p->door ? p->door->name : "options");
	else
		at[grants->n++].line = p->line;
	if (*hint_placeholder(value))
		message_warn(p, "%s%s", key, hint_placeholder(value));
}

int
value_time(struct parser *p, uint64_t *ms, const char *key, const char *value)
{
	char err[160];

	if (!element_timeout(ms, value, err, sizeof(err)))
		return 0;
	if (p->door)
		message_fail(p, "syntax error: %s: %s, in [%s]", key, err, p->door->name);
	else
		message_fail(p, "syntax error: %s: %s", key, err);
	return -1;
}
