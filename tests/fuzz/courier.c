/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a hostile server sends: bytes, which hiredis reads within the courier's limits, and what replies are turned
 * into. The first byte chooses in which pieces the bytes arrive.
 */
#include "fuzz.h"

#include "config.h"

#ifdef HAVE_HIREDIS

#include <string.h>

#include "courier/limit.h"
#include "courier/reply.h"

#define CHANNEL "{knockd:main}:e"

static void
check_record(const struct share_message *record)
{
	HOLDS(share_valid(record, SHARE_FROM_COURIER));
	HOLDS(record->kind == SHARE_RECORD);
}

static void
check_index(const redisReply *reply)
{
	static struct reply_member members[KEYS_PORTION];
	char score[REPLY_SCORE];
	size_t read = 0;
	int n = reply_index(members, reply, &read, score);

	HOLDS(n <= KEYS_PORTION && (n < 0 || (size_t)n <= read));
	for (int i = 0; i < n; i++) {
		HOLDS(strlen(members[i].name) == KEYS_MEMBER - 1);
		HOLDS(strspn(members[i].name + 2, "0123456789abcdef") == KEYS_MEMBER - 3);
	}
	if (n >= 0 && read)
		HOLDS(strlen(score) > 0 && strlen(score) < sizeof(score));
}

static void
check_reply(const redisReply *reply)
{
	struct share_message record;
	struct place place;
	struct reply_node node;
	char sha[REPLY_SHA + 1];
	uint64_t epoch, usec = UINT64_C(1795794320000000);
	const struct reply_member user = { "u:000102030405060708090a0b0c0d0e0f", 5e15 };
	const struct reply_member grant = { "g:30313233343536373839616263646566", 1795794321000000.0 };

	if (reply_event(&record, reply, CHANNEL) > 0)
		check_record(&record);
	if (reply_record(&record, &user, usec, reply))
		check_record(&record);
	if (reply_record(&record, &grant, usec, reply)) {
		check_record(&record);
		HOLDS(!memcmp(record.id, "0123456789abcdef", SHARE_ID));
	}
	if (!reply_sha(sha, reply))
		HOLDS(strlen(sha) == REPLY_SHA);
	if (!reply_epoch(&epoch, reply))
		HOLDS(epoch <= INT64_MAX);
	if (!reply_address(&place, reply))
		HOLDS(place.len && place.len <= sizeof(place.addr) && strlen(place.text) < sizeof(place.text));
	if (!reply_moved(&node, reply))
		HOLDS(node.port && memchr(node.host, '\0', sizeof(node.host)));
	HOLDS(reply_answer(reply) >= SHARE_YES && reply_answer(reply) <= SHARE_UNKNOWN);
	HOLDS(strlen(reply_error(reply)) <= LIMIT_BYTES);
	HOLDS(!(reply_is_pong(reply) && reply_is_subscribed(reply, CHANNEL)));
	HOLDS(reply_time(&usec, reply) || usec < (uint64_t)KEYS_STAYS + 1000000);
	reply_is_primary(reply);
	check_index(reply);
}

/* How much memory the elements of a reply stand for. */
static size_t
count(const redisReply *reply)
{
	size_t n = 1;

	if (reply->type == REDIS_REPLY_ARRAY)
		for (size_t i = 0; i < reply->elements; i++)
			n += reply->element[i] ? count(reply->element[i]) : 1;
	return n;
}

/* False: the connection would be closed. */
static bool
read_replies(redisReader *reader, struct limit *limit)
{
	void *reply;

	for (;;) {
		if (redisReaderGetReply(reader, &reply))
			return false;
		if (!reply)
			return reader->len - reader->pos <= LIMIT_UNREAD;
		HOLDS(count(reply) <= LIMIT_ELEMENTS + 1);
		limit_renew(limit);
		check_reply(reply);
		freeReplyObject(reply);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	redisReader *reader = redisReaderCreate();
	size_t step = size ? 1 + data[0] * (size_t)17 : 1;
	struct limit limit;

	HOLDS(reader);
	limit_install(&limit, reader);
	for (size_t at = 1; at < size; at += step) {
		size_t n = size - at < step ? size - at : step;

		if (redisReaderFeed(reader, (const char *)data + at, n) || !read_replies(reader, &limit))
			break;
	}
	redisReaderFree(reader);
	return 0;
}

#else

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	(void)data, (void)size;
	return 0;
}

#endif
