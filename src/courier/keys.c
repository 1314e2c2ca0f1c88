/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "keys.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/*
 * One round trip: checks, then stores, indexes and publishes; all of it or nothing. Numbers of 64 bits are decimal
 * texts of one length, as Lua has only floating point, and digits sort alike in all of the server's locales. Scores
 * have microseconds, up to 2^53. An element of the index is removed by the first call after its end.
 *
 * KEYS: index, record, counter, one-time sequence. ARGV: channel, flags, clock, time left, counter, event.
 * Results are those of enum share_answer.
 */
static const char script[] = "local flags, event = tonumber(ARGV[2]), ARGV[6]\n"
			     "local stores, counts, once = flags % 2 >= 1, flags % 4 >= 2, flags % 8 >= 4\n"
			     "local renews = flags % 16 >= 8\n"
			     "local function before(key, digits, same)\n"
			     "  local value = redis.call('GET', key)\n"
			     "  local there = value and #value == 236 and string.sub(value, 1, 20)\n"
			     "  return not there or there < digits or (same and there == digits)\n"
			     "end\n"
			     "if counts and not before(KEYS[3], ARGV[5]) then return 3 end\n"
			     "if once and redis.call('GET', KEYS[4]) then return 3 end\n"
			     "if stores and not before(KEYS[2], ARGV[3], renews) then return 2 end\n"
			     "local time = redis.call('TIME')\n"
			     "local now = time[1] * 1000000 + time[2]\n"
			     "local function index(key, score)\n"
			     "  redis.call('ZADD', KEYS[1], string.format('%.0f', score), string.sub(key, -34))\n"
			     "end\n"
			     "redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))\n"
			     "if counts then\n"
			     "  redis.call('SET', KEYS[3], ARGV[5] .. event)\n"
			     "  index(KEYS[3], now + 4e15)\n"
			     "end\n"
			     "if once then\n"
			     "  redis.call('SET', KEYS[4], '00000000000000000000' .. event)\n"
			     "  index(KEYS[4], now + 4e15)\n"
			     "end\n"
			     "if stores and ARGV[4] == '0' then\n"
			     "  redis.call('SET', KEYS[2], ARGV[3] .. event)\n"
			     "  index(KEYS[2], now + 4e15)\n"
			     "elseif stores then\n"
			     "  redis.call('SET', KEYS[2], ARGV[3] .. event, 'PX', ARGV[4])\n"
			     "  index(KEYS[2], now + ARGV[4] * 1000)\n"
			     "end\n"
			     "redis.call('PUBLISH', ARGV[1], event)\n"
			     "return 1\n";

_Static_assert(REPLY_VALUE == 236 && REPLY_DIGITS == 20 && KEYS_MEMBER == 34 + 1, "the script has these numbers");
_Static_assert(SHARE_STORE == 1 && SHARE_COUNTER == 2 && SHARE_ONCE == 4 && SHARE_RENEW == 8, "... and these");
_Static_assert(SHARE_YES == 1 && SHARE_OLDER == 2 && SHARE_REPEAT == 3, "... and these");

void
keys_init(struct keys *keys, const struct share_conf *conf)
{
	memset(keys, 0, sizeof(*keys));
	snprintf(keys->prefix, sizeof(keys->prefix), "{knockd:%s}:", conf->name);
	snprintf(keys->index, sizeof(keys->index), "{knockd:%s}:x", conf->name);
	snprintf(keys->channel, sizeof(keys->channel), "{knockd:%s}:e", conf->name);
	snprintf(keys->wait_ms, sizeof(keys->wait_ms), "%" PRIu32, conf->wait_ms);
	snprintf(keys->replicas, sizeof(keys->replicas), "%" PRIu32, conf->replicas);
}

/* The command's words are strings. */
static struct expected *
send_words(struct link *link, enum command command, int argc, const char **argv, uint64_t now)
{
	return link_send(link, command, argc, argv, NULL, now);
}

int
keys_load(struct link *link, uint64_t now)
{
	const char *words[] = { "SCRIPT", "LOAD", script };

	return send_words(link, COMMAND_LOAD, 3, words, now) ? 0 : -1;
}

/* For a key that there never is. */
int
keys_probe(struct link *link, const struct keys *keys, uint64_t now)
{
	const char *words[] = { "MGET", keys->prefix };

	return send_words(link, COMMAND_PROBE, 2, words, now) ? 0 : -1;
}

int
keys_wait(struct link *link, const struct keys *keys, uint64_t now)
{
	const char *words[] = { "WAIT", keys->replicas, keys->wait_ms };

	return send_words(link, COMMAND_WAIT, 3, words, now) ? 0 : -1;
}

int
keys_subscribe(struct link *link, const struct keys *keys, uint64_t now)
{
	const char *words[] = { "SUBSCRIBE", keys->channel };

	return send_words(link, COMMAND_SUBSCRIBE, 2, words, now) ? 0 : -1;
}

int
keys_time(struct link *link, uint64_t now)
{
	const char *words[] = { "TIME" };

	return send_words(link, COMMAND_TIME, 1, words, now) ? 0 : -1;
}

int
keys_index(struct link *link, const struct keys *keys, const char *from, uint64_t now)
{
	char count[16];
	const char *words[] = { "ZRANGEBYSCORE", keys->index, from, "+inf", "WITHSCORES", "LIMIT", "0", count };

	snprintf(count, sizeof(count), "%d", KEYS_PORTION);
	return send_words(link, COMMAND_INDEX, 8, words, now) ? 0 : -1;
}

/* "PREFIXk:HEX" */
static void
name_key(char name[static KEYS_LEN], const struct keys *keys, char kind, const uint8_t id[static SHARE_ID])
{
	static const char digits[] = "0123456789abcdef";
	size_t len = strlen(keys->prefix);

	memcpy(name, keys->prefix, len);
	name[len++] = kind;
	name[len++] = ':';
	for (size_t i = 0; i < SHARE_ID; i++) {
		name[len++] = digits[id[i] >> 4];
		name[len++] = digits[id[i] & 15];
	}
	name[len] = '\0';
}

int
keys_put(struct link *link, const struct keys *keys, const char *sha, const struct share_message *put, bool again,
	 uint64_t now)
{
	char record[KEYS_LEN], user[KEYS_LEN], once[KEYS_LEN], event[REPLY_EVENT];
	char flags[8], clock[REPLY_DIGITS + 1], left[REPLY_DIGITS + 1], counter[REPLY_DIGITS + 1];
	const char *words[] = { "EVALSHA",     sha,   "4",   keys->index, record,  user, once,
				keys->channel, flags, clock, left,        counter, event };
	size_t lens[sizeof(words) / sizeof(*words)];
	struct expected *expected;

	name_key(record, keys, 'g', put->id);
	name_key(user, keys, 'u', put->user);
	name_key(once, keys, 'o', put->once);
	snprintf(flags, sizeof(flags), "%u", put->flags & SHARE_FLAGS);
	snprintf(clock, sizeof(clock), "%020" PRIu64, put->hlc);
	snprintf(left, sizeof(left), "%" PRIu64, put->left_ms);
	snprintf(counter, sizeof(counter), "%020" PRIu64, put->counter);
	memcpy(event, put->id, SHARE_ID);
	memcpy(event + SHARE_ID, put->sealed, SHARE_SEALED);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		lens[i] = words[i] == event ? sizeof(event) : strlen(words[i]);
	expected = link_send(link, COMMAND_PUT, sizeof(words) / sizeof(*words), words, lens, now);
	if (!expected)
		return -1;
	expected->put = *put;
	expected->again = again;
	return 0;
}

int
keys_values(struct link *link, const struct keys *keys, const char **members, size_t n, uint64_t now)
{
	char names[KEYS_PORTION][KEYS_LEN];
	const char *words[KEYS_PORTION + 1] = { "MGET" };

	for (size_t i = 0; i < n && i < KEYS_PORTION; i++) {
		snprintf(names[i], KEYS_LEN, "%s%s", keys->prefix, members[i]);
		words[i + 1] = names[i];
	}
	return send_words(link, COMMAND_VALUES, (int)n + 1, words, now) ? 0 : -1;
}
