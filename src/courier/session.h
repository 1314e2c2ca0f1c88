/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two connections to the primary, for commands and for events: both are in order, or both are closed. */
#ifndef KNOCKD_COURIER_SESSION_H
#define KNOCKD_COURIER_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "echoes.h"
#include "keys.h"
#include "link.h"
#include "outbox.h"
#include "reply.h"
#include "sync.h"

/* Unanswered commands at most: PUTs, and the courier's own. 10,000 PUTs a second and a round trip of 0.1 s need 1,000.
 */
#define SESSION_COMMANDS 2048
#define SESSION_OWN      16

enum session_state {
	SESSION_CLOSED,
	SESSION_OPENING,
	SESSION_UP,
};

struct session {
	enum session_state state;
	const struct share_conf *conf;
	struct place place;
	struct keys keys;
	struct link commands, events;
	struct outbox *out;
	struct sync sync;
	struct echoes echoes;
	char sha[REPLY_SHA + 1];
	bool primary, loaded, subscribed;
	bool wait_is_due;  /* a ticket was sent, and no COMMAND_WAIT behind it */
	uint64_t *granted; /* tickets that the script has granted and that wait for replicas */
	size_t n_granted;
	uint64_t opened_at, up_at, ping_at;
	uint64_t now;            /* of the call, ms */
	struct reply_node moved; /* it was closed because this node of the cluster has the group's keys */
	char why[SHARE_REASON];  /* why it was closed */
};

/* `tls`: NULL, or connections are encrypted. 0, or -1 with errno. */
int session_init(struct session *s, const struct share_conf *conf, struct ssl_ctx_st *tls, struct outbox *out);

/* Begins to connect. -1 with `why`: closed again. */
int session_open(struct session *s, const struct place *place, uint64_t now);

/* Closes it, and answers each ticket by SHARE_UNKNOWN. `why`: for the admin. */
void session_close(struct session *s, const char *why);

bool session_can_take(const struct session *s); /* a batch of messages */
void session_put(struct session *s, const struct share_message *put, uint64_t now);
void session_resync(struct session *s, uint64_t now);

/*
 * To be called before each poll(2): pings, deadlines, output. Closes a session that is dead. Returns when it is to be
 * called again.
 */
uint64_t session_tick(struct session *s, uint64_t now);

/* After poll(2), with what it said about the two connections. */
void session_move(struct session *s, short commands, short events, uint64_t now);

#endif
