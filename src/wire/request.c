/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/request.h"

#include <stdio.h>
#include <string.h>

#include "lib/duration.h"
#include "lib/text.h"

/* Arguments that a command takes, and those that it needs. */
enum {
	ADDR = 1 << 0,
	DOOR = 1 << 1,
	ALL = 1 << 2,
	TIME = 1 << 3, /* needed, too */
	NEEDS_ADDR = 1 << 4,
	NEEDS_DOOR = 1 << 5,
	NEEDS_ANY = 1 << 6, /* an address, a door or --all */
};

static const struct {
	const char *name;
	unsigned takes;
} commands[REQUEST_COMMANDS] = {
	[REQUEST_STATUS] = { "status", 0 },
	[REQUEST_DOORS] = { "doors", 0 },
	[REQUEST_LIST] = { "list", 0 },
	[REQUEST_ATTEMPTS] = { "attempts", 0 },
	[REQUEST_REVOKE] = { "revoke", ADDR | DOOR | ALL | NEEDS_ANY },
	[REQUEST_EXTEND] = { "extend", ADDR | DOOR | TIME | NEEDS_ADDR },
	[REQUEST_GRANT] = { "grant", ADDR | DOOR | NEEDS_ADDR | NEEDS_DOOR },
	[REQUEST_WATCH] = { "watch", 0 },
	[REQUEST_STATS] = { "stats", 0 },
	[REQUEST_RELOAD] = { "reload", 0 },
	[REQUEST_CHECK] = { "check", 0 },
	[REQUEST_UNGUARD] = { "unguard", 0 },
};

const char *
request_name(enum request_command command)
{
	return commands[command].name;
}

enum request_command
request_find(const char *name)
{
	enum request_command c = 0;

	while (c < REQUEST_COMMANDS && strcmp(commands[c].name, name))
		c++;
	return c;
}

/* ---- words ------------------------------------------------------------------------------------- */

/* Cuts one word off in place, without its quotes and backslashes. NULL if a quote is not closed. */
static char *
next_word(char **rest)
{
	char *from = *rest + strspn(*rest, " \t"), *word = from, *to = from;
	bool quoted = *from == '"';

	for (from += quoted; *from && (quoted ? *from != '"' : !strchr(" \t", *from)); from++) {
		if (quoted && *from == '\\' && (from[1] == '"' || from[1] == '\\'))
			from++;
		*to++ = *from;
	}
	if (quoted && *from != '"')
		return NULL;
	*rest = *from ? from + 1 : from;
	*to = '\0';
	return word;
}

static int
split(char *text, char *words[static REQUEST_WORDS], size_t *n, char *err, size_t errlen)
{
	for (*n = 0; *(text += strspn(text, " \t")); (*n)++) {
		if (*n == REQUEST_WORDS) {
			snprintf(err, errlen, "too many words");
			return -1;
		}
		words[*n] = next_word(&text);
		if (!words[*n]) {
			snprintf(err, errlen, "a quote is not closed");
			return -1;
		}
	}
	return 0;
}

static bool
is_plain(const char *word)
{
	return *word && !strpbrk(word, " \t\r\"\\"); /* an unquoted \r at the end of the line would be cut */
}

/* Returns the length of the quoted word, and writes it to `to` unless that is NULL. */
static size_t
quote(char *to, const char *word)
{
	size_t n = 0;

	if (to)
		to[n] = '"';
	for (n++; *word; word++) {
		if (*word == '"' || *word == '\\') {
			if (to)
				to[n] = '\\';
			n++;
		}
		if (to)
			to[n] = *word;
		n++;
	}
	if (to)
		to[n] = '"';
	return n + 1;
}

int
request_format(char *buf, size_t len, const char *const *words, size_t n)
{
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		size_t add = is_plain(words[i]) ? strlen(words[i]) : quote(NULL, words[i]);

		if (strchr(words[i], '\n') || used + add + 2 > len)
			return -1;
		if (i)
			buf[used++] = ' ';
		if (is_plain(words[i]))
			memcpy(buf + used, words[i], add);
		else
			quote(buf + used, words[i]);
		used += add;
	}
	buf[used] = '\0';
	return 0;
}

/* ---- meaning ----------------------------------------------------------------------------------- */

static int
take_time(struct request *r, const char *word, char *err, size_t errlen)
{
	uint64_t ms;

	if (duration_parse(&ms, word) || ms > REQUEST_EXTEND_MAX_MSEC) {
		snprintf(err, errlen, "\"%s\" is not a time like 90s, 30m or 1h30m, ten years at most", word);
		return -1;
	}
	r->by_ms = (int64_t)ms;
	return 0;
}

/* A word without an option: first the address, then the time. */
static int
take_word(struct request *r, unsigned takes, const char *word, char *err, size_t errlen)
{
	if (takes & ADDR && !r->ip.family) {
		if (!addr_parse(&r->ip, word))
			return 0;
		snprintf(err, errlen, "\"%s\" is not an IPv4 or IPv6 address", word);
		return -1;
	}
	if (takes & TIME && !r->by_ms)
		return take_time(r, word, err, errlen);
	snprintf(err, errlen, "%s: unexpected \"%s\"", request_name(r->command), word);
	return -1;
}

static int
take_words(struct request *r, unsigned takes, char *const *words, size_t n, char *err, size_t errlen)
{
	for (size_t i = 0; i < n; i++) {
		if (takes & DOOR && !strcmp(words[i], "--door") && i + 1 < n)
			r->door = words[++i];
		else if (takes & ALL && !strcmp(words[i], "--all"))
			r->all = true;
		else if (take_word(r, takes, words[i], err, errlen))
			return -1;
	}
	return 0;
}

static const char *
missing(const struct request *r, unsigned takes)
{
	if (takes & NEEDS_ADDR && !r->ip.family)
		return "an address is missing";
	if (takes & NEEDS_DOOR && !r->door)
		return "--door is missing";
	if (takes & TIME && !r->by_ms)
		return "a time is missing";
	if (takes & NEEDS_ANY && !r->ip.family && !r->door && !r->all)
		return "an address, --door or --all is missing";
	if (r->all && (r->ip.family || r->door))
		return "--all takes no address and no --door";
	return NULL;
}

int
request_take(struct request *r, char *const *words, size_t n, char *err, size_t errlen)
{
	const char *what;
	unsigned takes;

	r->ip = (struct addr){ .family = 0 };
	r->door = NULL;
	r->all = false;
	r->by_ms = 0;
	r->command = n ? request_find(words[0]) : REQUEST_COMMANDS;
	if (r->command == REQUEST_COMMANDS) {
		snprintf(err, errlen, n ? "unknown command \"%s\"" : "no command given", n ? words[0] : "");
		return -1;
	}
	takes = commands[r->command].takes;
	if (take_words(r, takes, words + 1, n - 1, err, errlen))
		return -1;
	what = missing(r, takes);
	if (what)
		snprintf(err, errlen, "%s: %s", words[0], what);
	return what ? -1 : 0;
}

int
request_parse(struct request *r, const void *bytes, size_t len, char *err, size_t errlen)
{
	char *words[REQUEST_WORDS];
	size_t n;

	if (len > REQUEST_LINE_MAX || memchr(bytes, '\0', len) || memchr(bytes, '\n', len)) {
		snprintf(err, errlen, "the request is not valid text");
		return -1;
	}
	memcpy(r->text, bytes, len);
	r->text[len] = '\0';
	if (len && r->text[len - 1] == '\r')
		r->text[len - 1] = '\0';
	return split(r->text, words, &n, err, errlen) ? -1 : request_take(r, words, n, err, errlen);
}

const char *
request_describe(const struct request *r, char *buf, size_t len)
{
	char ip[ADDR_STRLEN] = "", door[256] = "", by[64] = "";

	if (r->ip.family)
		addr_format(&r->ip, ip);
	if (r->door)
		text_utf8(r->door, true, door, sizeof(door));
	if (r->by_ms)
		duration_format((uint64_t)r->by_ms, by, sizeof(by));
	snprintf(buf, len, "%s%s%s%s%s%s%s%s", request_name(r->command), *ip ? " " : "", ip, r->door ? " --door " : "",
		 door, r->all ? " --all" : "", *by ? " " : "", by);
	return buf;
}
