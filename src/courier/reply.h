/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What replies mean. A server may send anything: each function checks type, length and content of all that it reads,
 * and keeps nothing of the reply.
 */
#ifndef KNOCKD_COURIER_REPLY_H
#define KNOCKD_COURIER_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "place.h"
#include "redis.h"
#include "stored.h"
#include "wire/share.h"

#define REPLY_SCORE 40 /* a score as text, with its NUL */
#define REPLY_SHA   40 /* of a script, in hexadecimal */

bool reply_is_status(const redisReply *reply, const char *text); /* "+text" */
bool reply_is_error(const redisReply *reply, const char *code);  /* "-code ..." */

/* An error's text; "an unexpected reply" if it is none. Any bytes. */
const char *reply_error(const redisReply *reply);

/* ["message", channel, event]: 1 and a RECORD; 0: it is none; -1: it is one with another content. */
int reply_event(struct share_message *record, const redisReply *reply, const char *channel);

/* ["subscribe", channel, 1] */
bool reply_is_subscribed(const redisReply *reply, const char *channel);

/* ["pong", ""] */
bool reply_is_pong(const redisReply *reply);

/* The hash of a loaded script. 0 or -1. */
int reply_sha(char sha[static REPLY_SHA + 1], const redisReply *reply);

/* Of the script. SHARE_UNKNOWN: it has failed. */
enum share_answer reply_answer(const redisReply *reply);

/* TIME, in microseconds; 0 or -1. */
int reply_time(uint64_t *usec, const redisReply *reply);

struct reply_member {
	char name[KEYS_MEMBER];
	double end; /* its score */
};

/*
 * A portion of the index: KEYS_PORTION members and scores alternate at most. Returns how many members there are and the
 * last score; -1: it is no such portion. Members that knockd did not make are left out of `members` and counted in
 * *read alone.
 */
int reply_index(struct reply_member members[static KEYS_PORTION], const redisReply *reply, size_t *read,
		char score[static REPLY_SCORE]);

/*
 * The value of the key with this member's name as a RECORD, at this time of the server. False: there is none, or
 * another value.
 */
bool reply_record(struct share_message *record, const struct reply_member *member, uint64_t usec,
		  const redisReply *reply);

/* ROLE of a primary? */
bool reply_is_primary(const redisReply *reply);

/* A node of a cluster. */
struct reply_node {
	char host[SHARE_HOST_LEN]; /* an address or a name; "": the host that has answered */
	uint16_t port;             /* 0: none */
};

/* "-MOVED SLOT HOST:PORT": which node of a cluster has the key. 0 or -1. */
int reply_moved(struct reply_node *node, const redisReply *reply);

/* SENTINEL MASTER: the number of the election of its primary. 0 or -1. */
int reply_epoch(uint64_t *epoch, const redisReply *reply);

/* SENTINEL GET-MASTER-ADDR-BY-NAME: where the primary is. 0 or -1. */
int reply_address(struct place *place, const redisReply *reply);

#endif
