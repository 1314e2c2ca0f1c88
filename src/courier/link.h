/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One connection to a server: it never blocks, and knows which commands are not answered yet. The first of those is
 * what the next reply belongs to; only the subscriber's events belong to none.
 */
#ifndef KNOCKD_COURIER_LINK_H
#define KNOCKD_COURIER_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limit.h"
#include "output.h"
#include "place.h"
#include "redis.h"
#include "stream.h"
#include "wire/share.h"

enum command {
	COMMAND_AUTH,
	COMMAND_PROBE, /* for a key: is it another node's? */
	COMMAND_ROLE,
	COMMAND_LOAD, /* the script */
	COMMAND_PUT,
	COMMAND_WAIT, /* for replicas */
	COMMAND_TIME,
	COMMAND_INDEX,
	COMMAND_VALUES,
	COMMAND_SUBSCRIBE,
	COMMAND_PING,
	COMMAND_EPOCH,   /* asks a sentinel for the number of the last election */
	COMMAND_PRIMARY, /* ... and for its result */
};

/* A command that was sent. */
struct expected {
	enum command command;
	uint64_t awaited_since; /* ms: when it was sent, or later, when the one before it was answered */
	bool again;             /* COMMAND_PUT: for the second time */
	struct share_message put;
};

struct link {
	struct stream stream;
	struct output output;
	redisReader *reader;
	struct limit limit;
	struct expected *queue; /* a ring */
	size_t size, first, n;
	const char *secret;     /* the password */
	char why[SHARE_REASON]; /* why it was lost: printable */
};

/*
 * At most `size` commands may be unanswered. `secret`, "": none, and `tls`, NULL: none, must live as long. 0, or -1
 * with errno.
 */
int link_init(struct link *link, size_t size, const char *secret, struct ssl_ctx_st *tls);

/*
 * Begins to connect; commands may be sent at once. 0, or -1 with `why`. Closes an open connection first. `place` must
 * live as long as the connection.
 */
int link_open(struct link *link, const struct place *place);
void link_close(struct link *link); /* forgets its unanswered commands */
bool link_is_open(const struct link *link);

/* For poll(2); -1: closed. */
int link_fd(const struct link *link);
short link_events(const struct link *link);

/*
 * Queues a command and returns its place in the queue for more details; NULL: the queue is full, or no memory. It goes
 * out with link_flush().
 */
struct expected *link_send(struct link *link, enum command command, int argc, const char **argv, const size_t *lens,
			   uint64_t now);
bool link_has_room(const struct link *link, size_t commands);

/* Takes a reply. `link->queue[link->first]` is not removed; link_answered() does that. Not 0: the connection is
 * useless. */
typedef int link_take(void *arg, struct link *link, const redisReply *reply);

/* After poll(2). 0, or -1 with `why`: the caller closes it. */
int link_move(struct link *link, short revents, link_take *take, void *arg);
int link_flush(struct link *link);

/* The first unanswered command, or NULL. */
struct expected *link_first(struct link *link);
void link_answered(struct link *link, uint64_t now); /* removes it */

/* Why there is no answer, if none comes. */
const char *link_silence(const struct link *link);

/*
 * Since when the server has been silent. One that answers a long queue slowly is alive. UINT64_MAX: nothing is awaited.
 */
uint64_t link_since(const struct link *link);

/* Notes why the connection is useless; any byte that is not printable becomes "?". Returns -1. */
int link_fail(struct link *link, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * The same for a text of the server, which knows the password and may be hostile: a text with the password in it does
 * not get into our log.
 */
int link_quote(struct link *link, const char *what, const char *text);

#endif
