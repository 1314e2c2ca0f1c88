/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/siphash.h"

int64_t
record_bounded(int64_t boot_ms)
{
	if (boot_ms < 0)
		return 0;
	return boot_ms > MOMENT_MAX_MSEC ? MOMENT_MAX_MSEC : boot_ms;
}

#define SUM_LEN     16
#define SINCE_LEN   24  /* a blank and any 64-bit number */
#define RECORD_ROOM 160 /* most bytes of a line without `rest` */

static const char *const verbs[] = {
	[RECORD_JOURNAL] = "journal",
	[RECORD_ADD] = "add",
	[RECORD_MOVE] = "move",
	[RECORD_END] = "end",
};

static const char *const kinds[] = {
	[JOURNAL_COMMAND] = "command",
	[JOURNAL_GRANT] = "grant",
	[JOURNAL_COUNTER] = "counter",
};

/* The index of a word in one of these lists; 0: not found. */
static size_t
find_word(const char *const *words, size_t n, const char *word)
{
	for (size_t i = 1; i < n; i++)
		if (word && !strcmp(words[i], word))
			return i;
	return 0;
}

/* ---- lines ------------------------------------------------------------------------------------- */

static void
put_sum(char sum[static SUM_LEN + 1], const char *text, size_t len)
{
	static const uint8_t key[] = "knockd's journal";

	snprintf(sum, SUM_LEN + 1, "%016" PRIx64, siphash(key, text, len));
}

static char *
reserve(struct record_buf *buf, size_t more)
{
	size_t size = buf->size ? buf->size : 1024;
	char *text;

	while (size - buf->len < more)
		size *= 2;
	if (size > buf->size) {
		text = realloc(buf->text, size);
		if (!text)
			return NULL;
		buf->text = text;
		buf->size = size;
	}
	return buf->text + buf->len;
}

static int
print(char *text, size_t room, const struct record *r)
{
	const char *verb = verbs[r->verb];

	switch (r->verb) {
	case RECORD_JOURNAL:
		return snprintf(text, room, "%s %" PRIu64 " %s", verb, r->id, r->rest);
	case RECORD_ADD:
		return snprintf(text, room, "%s %" PRIu64 " %" PRId64 " %" PRId64 " %" PRId64 " %s", verb, r->id,
				r->end.boot_ms, r->end.wall_ms, r->left_ms, r->rest);
	case RECORD_MOVE:
		return snprintf(text, room, "%s %" PRIu64 " %" PRId64 " %" PRId64 " %" PRId64, verb, r->id,
				r->end.boot_ms, r->end.wall_ms, r->left_ms);
	case RECORD_END:
		return snprintf(text, room, "%s %" PRIu64, verb, r->id);
	}
	return 0;
}

int
record_write(struct record_buf *buf, const struct record *record)
{
	size_t room = RECORD_ROOM + (record->rest ? strlen(record->rest) : 0), len;
	char *line = reserve(buf, room), *text;

	if (!line)
		return -1;
	text = line + SUM_LEN + 1;
	len = (size_t)print(text, room - SUM_LEN - 1, record);
	put_sum(line, text, len);
	line[SUM_LEN] = ' ';
	text[len] = '\n';
	buf->len += SUM_LEN + 1 + len + 1;
	return 0;
}

static int
take_number(char **text, int64_t *number)
{
	char *word = strsep(text, " "), *end;

	if (!word || !*word)
		return -1;
	errno = 0;
	*number = strtoll(word, &end, 10);
	return *end || errno || *number > MOMENT_MAX_MSEC || *number < -MOMENT_MAX_MSEC ? -1 : 0;
}

static int
take_times(char **text, struct record *r)
{
	return take_number(text, &r->end.boot_ms) || take_number(text, &r->end.wall_ms) ||
		       take_number(text, &r->left_ms)
		   ? -1
		   : 0;
}

int
record_read(struct record *record, char *line, size_t len)
{
	char sum[SUM_LEN + 1], *text = line + SUM_LEN + 1;
	int64_t id;

	if (len <= SUM_LEN || line[SUM_LEN] != ' ' || memchr(line, '\0', len))
		return -1;
	put_sum(sum, text, len - SUM_LEN - 1);
	if (memcmp(line, sum, SUM_LEN))
		return -1;
	*record = (struct record){ .verb = find_word(verbs, sizeof(verbs) / sizeof(*verbs), strsep(&text, " ")) };
	if (!record->verb || take_number(&text, &id) || id < 1)
		return -1;
	record->id = (uint64_t)id;
	if ((record->verb == RECORD_ADD || record->verb == RECORD_MOVE) && take_times(&text, record))
		return -1;
	record->rest = text ? text : "";
	return 0;
}

/* ---- accesses ---------------------------------------------------------------------------------- */

static bool
is_plain(char c)
{
	return (unsigned char)c > ' ' && c != '%' && c != 0x7f;
}

static size_t
escaped_len(const char *text)
{
	size_t len = 0;

	for (; *text; text++)
		len += is_plain(*text) ? 1 : 3;
	return len;
}

static char *
escape(char *to, const char *text)
{
	static const char digits[] = "0123456789abcdef";

	for (; *text; text++) {
		if (is_plain(*text)) {
			*to++ = *text;
			continue;
		}
		*to++ = '%';
		*to++ = digits[(unsigned char)*text >> 4];
		*to++ = digits[(unsigned char)*text & 15];
	}
	*to = '\0';
	return to;
}

static int
unescape(char *text)
{
	char *to = text;

	for (; *text; text++) {
		char hex[3] = "";

		if (*text != '%') {
			*to++ = *text;
			continue;
		}
		if (!isxdigit((unsigned char)text[1]) || !isxdigit((unsigned char)text[2]))
			return -1;
		memcpy(hex, text + 1, 2);
		*to++ = (char)strtoul(hex, NULL, 16);
		text += 2;
	}
	*to = '\0';
	return 0;
}

char *
record_pack(const struct journal_entry *entry)
{
	char ip[ADDR_STRLEN], since[SINCE_LEN] = "", *rest, *p;

	if (entry->kind < JOURNAL_COMMAND || entry->kind > JOURNAL_COUNTER || !addr_len(&entry->ip)) {
		errno = EINVAL;
		return NULL;
	}
	addr_format(&entry->ip, ip);
	if (entry->since_wall_ms > 0)
		snprintf(since, sizeof(since), " %" PRId64, entry->since_wall_ms);
	rest = malloc(strlen(kinds[entry->kind]) + strlen(ip) + escaped_len(entry->door) + escaped_len(entry->text) +
		      strlen(since) + (entry->user ? escaped_len(entry->user) + 3 : 0) + 4);
	if (!rest)
		return NULL;
	p = stpcpy(rest, kinds[entry->kind]);
	*p++ = ' ';
	p = stpcpy(p, ip);
	*p++ = ' ';
	p = escape(p, entry->door);
	*p++ = ' ';
	p = escape(p, entry->text);
	p = stpcpy(p, since);
	if (entry->user) {
		p = stpcpy(p, *since ? " " : " 1 "); /* a user stands behind a time */
		escape(p, entry->user);
	}
	return rest;
}

int
record_unpack(struct journal_entry *entry, char *rest)
{
	size_t kind = find_word(kinds, sizeof(kinds) / sizeof(*kinds), strsep(&rest, " "));
	const char *ip = strsep(&rest, " ");
	char *door = strsep(&rest, " "), *text = strsep(&rest, " ");

	if (!kind || !ip || addr_parse(&entry->ip, ip) || !door || !text)
		return -1;
	entry->kind = (enum journal_kind)kind;
	entry->door = door;
	entry->text = text;
	entry->since_wall_ms = 0;
	if (rest && (take_number(&rest, &entry->since_wall_ms) || entry->since_wall_ms < 1))
		return -1;
	entry->user = strsep(&rest, " ");
	if (rest || (entry->user && unescape(entry->user)))
		return -1;
	return unescape(door) || unescape(text) ? -1 : 0;
}
