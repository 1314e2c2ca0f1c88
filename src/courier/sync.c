/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sync.h"

#include <stdio.h>
#include <string.h>

static void
tell(struct sync *sync, enum share_kind kind)
{
	outbox_put(sync->out, &(struct share_message){ .kind = kind }, OUTBOX_LEN);
}

static void
ask_for_time(struct sync *sync, uint64_t now)
{
	sync->state = keys_time(sync->link, now) ? SYNC_PAUSED : SYNC_TIME;
	sync->timed = false;
}

/* Asks for the next portion of the index as soon as the parent has room for it, beginning and end. */
static void
proceed(struct sync *sync, uint64_t now)
{
	bool room = outbox_has_room(sync->out, KEYS_PORTION + 2, OUTBOX_SYNC) && link_has_room(sync->link, 1);

	sync->state = SYNC_PAUSED;
	if (room && !keys_index(sync->link, sync->keys, sync->from, now))
		sync->state = SYNC_INDEX;
}

void
sync_start(struct sync *sync, uint64_t now)
{
	if (sync->state != SYNC_IDLE) {
		sync->again = true;
		return;
	}
	sync->again = sync->last = false;
	sync->sum = 0;
	strcpy(sync->from, "-inf");
	tell(sync, SHARE_SYNC_BEGIN);
	ask_for_time(sync, now);
}

static void
finish(struct sync *sync, uint64_t now)
{
	sync->state = SYNC_IDLE;
	tell(sync, SHARE_SYNC_END);
	if (sync->again)
		sync_start(sync, now);
}

void
sync_resume(struct sync *sync, uint64_t now)
{
	if (sync->state == SYNC_PAUSED && !sync->timed)
		ask_for_time(sync, now);
	else if (sync->state == SYNC_PAUSED)
		proceed(sync, now);
}

void
sync_stop(struct sync *sync)
{
	sync->state = SYNC_IDLE;
	sync->again = false;
}

/* More elements than a portion with one score are of no knockd; all but the first are left out. */
static void
step(struct sync *sync, const char *score)
{
	bool stuck = !strcmp(sync->from, score);

	snprintf(sync->from, sizeof(sync->from), "%s%s", stuck ? "(" : "", score);
}

static int
take_time(struct sync *sync, const redisReply *reply, uint64_t now)
{
	if (reply_time(&sync->server_usec, reply))
		return link_quote(sync->link, "TIME", reply_error(reply));
	sync->time_at = now;
	sync->timed = true;
	proceed(sync, now);
	return 0;
}

static int
ask_for_values(struct sync *sync, uint64_t now)
{
	const char *names[KEYS_PORTION];

	for (size_t i = 0; i < sync->n; i++)
		names[i] = sync->members[i].name;
	return keys_values(sync->link, sync->keys, names, sync->n, now);
}

static int
take_index(struct sync *sync, const redisReply *reply, uint64_t now)
{
	char score[REPLY_SCORE];
	size_t read;
	int n = reply_index(sync->members, reply, &read, score);

	if (n < 0)
		return link_quote(sync->link, "reading the index", reply_error(reply));
	sync->sum += read;
	if (sync->sum > SYNC_MAX)
		return link_fail(sync->link, "the index has more than %d elements", SYNC_MAX);
	sync->n = (size_t)n;
	sync->last = read < KEYS_PORTION;
	if (!sync->last)
		step(sync, score);
	if (n) {
		sync->state = SYNC_VALUES;
		return ask_for_values(sync, now)
			   ? link_fail(sync->link, "cannot send: too many commands are unanswered")
			   : 0;
	}
	if (sync->last)
		finish(sync, now);
	else
		proceed(sync, now);
	return 0;
}

static int
take_values(struct sync *sync, const redisReply *reply, uint64_t now)
{
	uint64_t usec = sync->server_usec + (now - sync->time_at) * 1000;
	struct share_message record;

	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != sync->n)
		return link_quote(sync->link, "reading records", reply_error(reply));
	for (size_t i = 0; i < sync->n; i++)
		if (reply_record(&record, &sync->members[i], usec, reply->element[i]))
			outbox_put(sync->out, &record, OUTBOX_LEN);
	if (sync->last)
		finish(sync, now);
	else
		proceed(sync, now);
	return 0;
}

int
sync_take(struct sync *sync, enum command command, const redisReply *reply, uint64_t now)
{
	if (command == COMMAND_TIME)
		return take_time(sync, reply, now);
	if (command == COMMAND_INDEX)
		return take_index(sync, reply, now);
	return take_values(sync, reply, now);
}
