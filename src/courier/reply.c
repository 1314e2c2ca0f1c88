/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reply.h"

#include <stdlib.h>
#include <string.h>

/* A string's text ends with a NUL, but may have others. */
static bool
is_text(const redisReply *reply, const char *text)
{
	return reply->type == REDIS_REPLY_STRING && reply->len == strlen(text) && !memcmp(reply->str, text, reply->len);
}

static bool
is_array(const redisReply *reply, size_t n)
{
	return reply->type == REDIS_REPLY_ARRAY && reply->elements == n;
}

bool
reply_is_status(const redisReply *reply, const char *text)
{
	return reply->type == REDIS_REPLY_STATUS && !strcmp(reply->str, text);
}

bool
reply_is_error(const redisReply *reply, const char *code)
{
	size_t len = strlen(code);

	return reply->type == REDIS_REPLY_ERROR && !strncmp(reply->str, code, len) &&
	       (!reply->str[len] || reply->str[len] == ' ');
}

const char *
reply_error(const redisReply *reply)
{
	return reply->type == REDIS_REPLY_ERROR ? reply->str : "an unexpected reply";
}

/* ---- events ------------------------------------------------------------------------------------ */

/* An identifier and a record. */
static void
copy_record(struct share_message *record, const char *from)
{
	memset(record, 0, sizeof(*record));
	record->kind = SHARE_RECORD;
	memcpy(record->id, from, SHARE_ID);
	memcpy(record->sealed, from + SHARE_ID, SHARE_SEALED);
}

int
reply_event(struct share_message *record, const redisReply *reply, const char *channel)
{
	const redisReply *event;

	if (!is_array(reply, 3) || !is_text(reply->element[0], "message"))
		return 0;
	event = reply->element[2];
	if (!is_text(reply->element[1], channel) || event->type != REDIS_REPLY_STRING || event->len != REPLY_EVENT)
		return -1;
	copy_record(record, event->str);
	return 1;
}

bool
reply_is_subscribed(const redisReply *reply, const char *channel)
{
	return is_array(reply, 3) && is_text(reply->element[0], "subscribe") && is_text(reply->element[1], channel) &&
	       reply->element[2]->type == REDIS_REPLY_INTEGER;
}

bool
reply_is_pong(const redisReply *reply)
{
	return is_array(reply, 2) && is_text(reply->element[0], "pong");
}

/* ---- the script -------------------------------------------------------------------------------- */

int
reply_sha(char sha[static REPLY_SHA + 1], const redisReply *reply)
{
	if (reply->type != REDIS_REPLY_STRING || reply->len != REPLY_SHA ||
	    strspn(reply->str, "0123456789abcdef") != REPLY_SHA)
		return -1;
	memcpy(sha, reply->str, REPLY_SHA + 1);
	return 0;
}

enum share_answer
reply_answer(const redisReply *reply)
{
	if (reply->type != REDIS_REPLY_INTEGER || reply->integer < SHARE_YES || reply->integer > SHARE_REPEAT)
		return SHARE_UNKNOWN;
	return (enum share_answer)reply->integer;
}

/* ---- the index and its records ----------------------------------------------------------------- */

/* -1: no decimal number up to `max`. */
static int
read_number(uint64_t *n, const char *text, uint64_t max)
{
	if (!text || !*text || strlen(text) > 19 || strspn(text, "0123456789") != strlen(text))
		return -1;
	*n = strtoull(text, NULL, 10);
	return *n <= max ? 0 : -1;
}

int
reply_time(uint64_t *usec, const redisReply *reply)
{
	uint64_t seconds, rest;

	if (!is_array(reply, 2) || reply->element[0]->type != REDIS_REPLY_STRING ||
	    reply->element[1]->type != REDIS_REPLY_STRING)
		return -1;
	if (read_number(&seconds, reply->element[0]->str, (uint64_t)KEYS_STAYS / 1000000) ||
	    read_number(&rest, reply->element[1]->str, 999999))
		return -1;
	*usec = seconds * 1000000 + rest;
	return 0;
}

static bool
is_member(const redisReply *reply)
{
	return reply->type == REDIS_REPLY_STRING && reply->len == KEYS_MEMBER - 1 && reply->str[1] == ':' &&
	       (reply->str[0] == 'g' || reply->str[0] == 'u' || reply->str[0] == 'o') &&
	       strspn(reply->str + 2, "0123456789abcdef") == 2 * SHARE_ID;
}

/* It is sent back as part of a command, whose length limits it, so only the characters of a number are allowed. */
static bool
is_score(const redisReply *reply)
{
	return reply->type == REDIS_REPLY_STRING && reply->len && reply->len < REPLY_SCORE &&
	       strspn(reply->str, "0123456789.e+-inf") == reply->len;
}

int
reply_index(struct reply_member members[static KEYS_PORTION], const redisReply *reply, size_t *read,
	    char score[static REPLY_SCORE])
{
	int n = 0;

	if (reply->type != REDIS_REPLY_ARRAY || reply->elements % 2 || reply->elements > 2 * KEYS_PORTION)
		return -1;
	*read = reply->elements / 2;
	for (size_t i = 0; i < *read; i++) {
		const redisReply *member = reply->element[2 * i], *end = reply->element[2 * i + 1];

		if (!is_score(end))
			return -1;
		if (!is_member(member))
			continue;
		memcpy(members[n].name, member->str, KEYS_MEMBER);
		members[n++].end = strtod(end->str, NULL);
	}
	if (*read)
		memcpy(score, reply->element[reply->elements - 1]->str, reply->element[reply->elements - 1]->len + 1);
	return n;
}

/* Is `hex` this identifier? */
static bool
is_id(const uint8_t id[static SHARE_ID], const char *hex)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < SHARE_ID; i++)
		if (hex[2 * i] != digits[id[i] >> 4] || hex[2 * i + 1] != digits[id[i] & 15])
			return false;
	return true;
}

/* What is over, or is no number, has 1 ms left: 0 means that there is no end. */
static uint64_t
time_left(double end, uint64_t usec)
{
	double left = (end - (double)usec) / 1000;

	if (end >= KEYS_STAYS)
		return 0;
	if (!(left >= 1))
		return 1;
	return left < (double)SHARE_LEFT_MAX ? (uint64_t)left : SHARE_LEFT_MAX;
}

bool
reply_record(struct share_message *record, const struct reply_member *member, uint64_t usec, const redisReply *reply)
{
	if (reply->type != REDIS_REPLY_STRING || reply->len != REPLY_VALUE)
		return false;
	copy_record(record, reply->str + REPLY_DIGITS);
	record->left_ms = time_left(member->end, usec);
	/* a counter's key has the user's identifier, and its value that of the record */
	return member->name[0] != 'g' || is_id(record->id, member->name + 2);
}

/* ---- primary and sentinels --------------------------------------------------------------------- */

bool
reply_is_primary(const redisReply *reply)
{
	return reply->type == REDIS_REPLY_ARRAY && reply->elements && is_text(reply->element[0], "master");
}

int
reply_moved(struct reply_node *node, const redisReply *reply)
{
	const char *space = reply_is_error(reply, "MOVED") ? strrchr(reply->str, ' ') : NULL;
	const char *host = space ? space + 1 : NULL, *colon = space ? strrchr(host, ':') : NULL;
	uint64_t port;

	if (!colon || (size_t)(colon - host) >= sizeof(node->host))
		return -1;
	if (read_number(&port, colon + 1, UINT16_MAX) || !port)
		return -1;
	memset(node, 0, sizeof(*node));
	memcpy(node->host, host, (size_t)(colon - host));
	node->port = (uint16_t)port;
	return 0;
}

/* The field's value in an array in which names and values alternate, or NULL: none, or with a NUL in it. */
static const char *
field(const redisReply *reply, const char *name)
{
	for (size_t i = 0; i + 1 < reply->elements; i += 2) {
		const redisReply *value = reply->element[i + 1];

		if (is_text(reply->element[i], name))
			return value->type == REDIS_REPLY_STRING && strlen(value->str) == value->len ? value->str
												     : NULL;
	}
	return NULL;
}

int
reply_epoch(uint64_t *epoch, const redisReply *reply)
{
	return reply->type == REDIS_REPLY_ARRAY ? read_number(epoch, field(reply, "config-epoch"), INT64_MAX) : -1;
}

int
reply_address(struct place *place, const redisReply *reply)
{
	uint64_t port;

	if (!is_array(reply, 2) || reply->element[0]->type != REDIS_REPLY_STRING ||
	    reply->element[1]->type != REDIS_REPLY_STRING)
		return -1;
	if (read_number(&port, reply->element[1]->str, UINT16_MAX) || !port)
		return -1;
	return place_parse(place, reply->element[0]->str, (uint16_t)port);
}
