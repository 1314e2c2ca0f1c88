/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads all that is stored, in portions: the index in the order of its scores, and the records of each portion. A
 * portion begins at the last score of the one before, so that elements which come and go in between shift nothing;
 * whatever changes meanwhile is published, and the subscription is in force.
 */
#ifndef KNOCKD_COURIER_SYNC_H
#define KNOCKD_COURIER_SYNC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keys.h"
#include "link.h"
#include "outbox.h"
#include "reply.h"

/* A group never has so many; a server that sends more would keep the courier busy for ever. */
#define SYNC_MAX 1000000

enum sync_state {
	SYNC_IDLE,
	SYNC_TIME, /* the command was sent, here and below */
	SYNC_INDEX,
	SYNC_VALUES,
	SYNC_PAUSED, /* the parent has not taken the last portion */
};

struct sync {
	enum sync_state state;
	bool again;                 /* asked for while one goes on */
	bool timed;                 /* the server's time is known */
	bool last;                  /* this is the last portion */
	char from[REPLY_SCORE + 1]; /* "(" and a score: above it; the score alone: from it on */
	size_t n;
	struct reply_member members[KEYS_PORTION];
	uint64_t sum;         /* elements of the index so far */
	uint64_t server_usec; /* the server's time at our `time_at`, ms */
	uint64_t time_at;
	const struct keys *keys;
	struct link *link;
	struct outbox *out;
};

/* Both wait for room of `link` and `out` by themselves. */
void sync_start(struct sync *sync, uint64_t now);  /* if one goes on: once more afterwards */
void sync_resume(struct sync *sync, uint64_t now); /* to be called when `out` has been flushed */
void sync_stop(struct sync *sync);

/* Takes the reply to COMMAND_TIME, COMMAND_INDEX or COMMAND_VALUES. 0, or -1 with link->why. */
int sync_take(struct sync *sync, enum command command, const redisReply *reply, uint64_t now);

#endif
