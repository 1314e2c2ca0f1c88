/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access/ask.h"

#define USEC 1000 /* in a millisecond */

/* A counter this large is in the year 2262. Above, differences would overflow. */
#define COUNTER_MAX ((uint64_t)INT64_MAX)

#define TEXT_LEN (2 * KNOCK1_ID_LEN + 4 * 24)

static int64_t
to_usec(int64_t ms)
{
	return ms > INT64_MAX / USEC ? INT64_MAX : ms < INT64_MIN / USEC ? INT64_MIN : ms * USEC;
}

/* The client's clock minus this machine's at the last knock, us. */
static int64_t
offset_of(const struct replay_key *key)
{
	return (int64_t)key->counter - to_usec(key->wall_ms);
}

void
replay_free(struct replay *replay)
{
	free(replay->keys);
	*replay = (struct replay){ .n = 0 };
}

static struct replay_key *
find(struct replay *replay, const uint8_t id[static KNOCK1_ID_LEN])
{
	for (size_t i = 0; i < replay->n; i++)
		if (!memcmp(replay->keys[i].id, id, KNOCK1_ID_LEN))
			return &replay->keys[i];
	return NULL;
}

struct replay_key *
replay_key(struct replay *replay, const uint8_t id[static KNOCK1_ID_LEN])
{
	struct replay_key *key = find(replay, id), *keys;

	if (key)
		return key;
	keys = reallocarray(replay->keys, replay->n + 1, sizeof(*keys));
	if (!keys)
		return NULL;
	replay->keys = keys;
	key = &keys[replay->n++];
	*key =
	    (struct replay_key){ .floor = (uint64_t)to_usec(replay->started_ms), .boot_ms = INT64_MIN, .fresh = true };
	memcpy(key->id, id, KNOCK1_ID_LEN);
	return key;
}

/* ---- the journal -------------------------------------------------------------------------------- */

/* A key whose clock is not known has the time 0 in the journal. */
static void
write_text(const struct replay_key *key, char text[static TEXT_LEN])
{
	int len = 2 * KNOCK1_ID_LEN;

	for (size_t i = 0; i < KNOCK1_ID_LEN; i++)
		snprintf(text + 2 * i, 3, "%02x", key->id[i]);
	len += snprintf(text + len, TEXT_LEN - (size_t)len, " %" PRIu64 " %" PRId64, key->counter,
			key->fresh ? 0 : key->wall_ms);
	if (key->reset)
		snprintf(text + len, TEXT_LEN - (size_t)len, " %" PRIu64 " %" PRIu64, key->taken_back, key->reset);
}

static bool
read_text(struct replay_key *key, const char *text)
{
	int end = 0, n;

	*key = (struct replay_key){ .boot_ms = INT64_MIN };
	for (size_t i = 0; i < KNOCK1_ID_LEN; i++, text += 2)
		if (sscanf(text, "%2hhx", &key->id[i]) != 1)
			return false;
	n = sscanf(text, " %" SCNu64 " %" SCNd64 "%n %" SCNu64 " %" SCNu64 "%n", &key->counter, &key->wall_ms, &end,
		   &key->taken_back, &key->reset, &end);
	return (n == 2 || n == 4) && !text[end] && key->counter <= COUNTER_MAX && key->taken_back <= COUNTER_MAX &&
	       key->wall_ms >= 0 && key->wall_ms <= MOMENT_MAX_MSEC;
}

static bool
is_later(const struct replay_key *a, const struct replay_key *b)
{
	return a->reset != b->reset ? a->reset > b->reset : a->counter > b->counter;
}

bool
replay_take_up(struct replay *replay, const struct journal_entry *entry)
{
	struct replay_key read, *key;

	if (!read_text(&read, entry->text) || !(key = replay_key(replay, read.id)))
		return false;
	if (read.wall_ms > replay->newest_ms)
		replay->newest_ms = read.wall_ms;
	/* two of one key: the daemon ended between the new line and the end of the old one */
	if (key->entry && !is_later(&read, key))
		return false;
	read.entry = entry->id;
	read.ip = entry->ip;
	read.fresh = !read.wall_ms;
	*key = read;
	return true;
}

void
replay_begin(struct replay *replay, struct journal *journal, struct moment now)
{
	replay->journal = journal;
	replay->started_ms = now.wall_ms;
	if (replay->newest_ms && replay->newest_ms + REPLAY_LOST_MSEC > now.wall_ms)
		replay->started_ms = replay->newest_ms + REPLAY_LOST_MSEC;
	for (size_t i = 0; i < replay->n; i++) {
		struct replay_key *key = &replay->keys[i];
		int64_t clock = to_usec(replay->started_ms) + (key->fresh ? 0 : offset_of(key));

		key->floor = clock > (int64_t)key->counter ? (uint64_t)clock : key->counter;
	}
}

/* The new line first: without memory for it the old one stays. */
static void
keep(struct replay *replay, struct replay_key *key, const char *user)
{
	char text[TEXT_LEN], name[ASK_USER_MAX];
	struct journal_entry entry = { .kind = JOURNAL_COUNTER, .door = name, .ip = key->ip, .text = text };

	snprintf(name, sizeof(name), "%s", user);
	entry.end = moment_after(moment_now(), MOMENT_MAX_MSEC);
	write_text(key, text);
	if (!journal_add(replay->journal, &entry))
		return;
	journal_end(replay->journal, key->entry);
	key->entry = entry.id;
}

/* ---- knocks ------------------------------------------------------------------------------------- */

/* This machine's clock, unless it has gone back since the newest knock. */
static int64_t
clock_ms(const struct replay *replay, struct moment now)
{
	return now.wall_ms > replay->newest_ms ? now.wall_ms : replay->newest_ms;
}

/*
 * How much older the knock is than the client's clock is now, as far as its last knock tells; within one run by the
 * boot clock, which no step of this machine's clock moves.
 */
static int64_t
age_of(const struct replay_key *key, int64_t sent_ms, struct moment now)
{
	if (key->boot_ms == INT64_MIN)
		return now.wall_ms + offset_of(key) / USEC - sent_ms;
	return (int64_t)(key->counter / USEC) + now.boot_ms - key->boot_ms - sent_ms;
}

uint64_t
replay_highest(const struct replay_key *key)
{
	return key->floor > key->counter ? key->floor : key->counter;
}

enum replay_verdict
replay_judge(const struct replay *replay, const struct replay_key *key, uint64_t counter, const struct addr *ip,
	     struct moment now, uint64_t max_ahead_ms, uint64_t max_age_ms, int64_t *off_ms)
{
	uint64_t least = replay_highest(key);
	int64_t sent_ms = (int64_t)(counter / USEC), ahead = sent_ms - clock_ms(replay, now), age;

	*off_ms = ahead;
	if (counter > COUNTER_MAX || ahead > (int64_t)max_ahead_ms)
		return REPLAY_AHEAD;
	if (counter == key->counter && !addr_equal(ip, &key->ip))
		return REPLAY_SAME;
	*off_ms = (int64_t)(least / USEC) - sent_ms;
	if (counter <= least)
		return REPLAY_OLD;
	*off_ms = ahead;
	if ((key->fresh || counter <= key->taken_back) && llabs(sent_ms - now.wall_ms) > REPLAY_AGREE_MSEC)
		return REPLAY_DISAGREE;
	if (key->fresh)
		return REPLAY_NEW;
	age = age_of(key, sent_ms, now);
	*off_ms = age;
	/* by this machine's clock, for a client whose clock was ahead and has been set */
	return age <= (int64_t)max_age_ms || now.wall_ms - sent_ms <= (int64_t)max_age_ms ? REPLAY_NEW : REPLAY_BEHIND;
}

int
replay_advance(struct replay *replay, struct replay_key *key, const char *user, uint64_t counter, const struct addr *ip,
	       struct moment now, bool sync)
{
	key->counter = counter;
	key->ip = *ip;
	key->wall_ms = now.wall_ms;
	key->boot_ms = now.boot_ms;
	key->fresh = false;
	if (now.wall_ms > replay->newest_ms)
		replay->newest_ms = now.wall_ms;
	keep(replay, key, user);
	return sync ? journal_sync(replay->journal) : 0;
}

int
replay_burn(struct replay *replay, struct replay_key *key, const char *user, uint64_t counter, const struct addr *ip,
	    bool sync)
{
	if (counter <= key->taken_back)
		return 0;
	key->counter = counter;
	key->ip = *ip;
	key->wall_ms = 0;
	key->boot_ms = INT64_MIN;
	key->fresh = true;
	keep(replay, key, user);
	return sync ? journal_sync(replay->journal) : 0;
}

uint64_t
replay_since(const struct replay_key *key, uint64_t counter)
{
	return counter <= key->taken_back ? key->reset : 0;
}

void
replay_raise(struct replay_key *key, uint64_t counter, uint64_t since)
{
	bool is_taken_back = since < replay_since(key, counter);

	if (counter > key->floor && counter <= COUNTER_MAX && !is_taken_back)
		key->floor = counter;
}

void
replay_reset(struct replay *replay, struct replay_key *key, const char *user, uint64_t up_to, uint64_t reset,
	     struct moment now)
{
	uint64_t since = (uint64_t)to_usec(now.wall_ms);

	key->taken_back = up_to < COUNTER_MAX ? up_to : COUNTER_MAX;
	key->reset = reset;
	if (key->floor <= up_to)
		key->floor = since;
	if (key->counter <= up_to) {
		key->counter = since;
		key->boot_ms = INT64_MIN;
		key->fresh = true;
	}
	keep(replay, key, user);
}
