/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket: a listening unix socket, its clients, and lines in both directions. What the lines mean is the
 * owner's business. Nothing here waits, and everything is bounded, so that a client that sends rubbish, sends
 * nothing or never reads hurts nobody but itself:
 *
 *   - a request is one line of at most CONTROL_LINE_MAX bytes, worked on one at a time and client;
 *   - an answer goes through a buffer of CONTROL_OUT_MAX bytes; a longer one is made in portions;
 *   - who does not read what waits for them, or has nothing to ask, is let go after some seconds;
 *   - there are CONTROL_CLIENTS at most, of one user other than root CONTROL_OF_ONE, and of all of those
 *     CONTROL_OF_ALL, so that they never keep root out.
 */
#ifndef KNOCKD_CONTROL_H
#define KNOCKD_CONTROL_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/log.h"

#define CONTROL_CLIENTS    16
#define CONTROL_OF_ONE     8
#define CONTROL_OF_ALL     12
#define CONTROL_SLOTS      (CONTROL_CLIENTS + 1) /* for poll(2) */
#define CONTROL_LINE_MAX   4096
#define CONTROL_OUT_MAX    (128 * 1024)
#define CONTROL_ROOM       (32 * 1024) /* what is free when a portion is asked for */
#define CONTROL_IDLE_MSEC  10000       /* without a request */
#define CONTROL_STALL_MSEC 10000       /* without reading what waits */

#define CONTROL_GROUP "knockd" /* its members may use the socket, if it exists */

struct control;
struct control_client;

struct control_peer {
	uid_t uid;
	gid_t gid;
	pid_t pid;
	bool in_group; /* gid or a supplementary group is the socket's */
};

struct control_owner {
	void *arg;
	/* May this one come in? Everybody whom the socket's mode keeps out has been kept out. */
	bool (*admit)(void *arg, const struct control_peer *peer);
	/* A request: `line` has no newline and is valid during the call. Answers with control_say(). */
	void (*take)(void *arg, struct control_client *client, const char *line, size_t len);
	/* The next portion, after control_continue(). False: that was all. */
	bool (*more)(void *arg, struct control_client *client);
};

/*
 * Listens at `path`: mode 0660 and group CONTROL_GROUP, or 0600 where there is no such group. The last
 * directory of the path is made (0755) if it is missing. The socket of a daemon that has died is replaced;
 * EADDRINUSE: it belongs to one that lives, EEXIST: there is something else. `path` is copied, the rest borrowed.
 * NULL with errno.
 */
struct control *control_open(const char *path, const struct control_owner *owner, const struct log *log);
void control_close(struct control *control); /* also removes the socket; NULL is legal */

/* For the loop: what to poll for, what came of it, and when to come again at the latest (CLOCK_BOOTTIME, ms). */
void control_poll(const struct control *control, struct pollfd fds[static CONTROL_SLOTS]);
void control_work(struct control *control, const struct pollfd fds[static CONTROL_SLOTS]);
uint64_t control_next(const struct control *control);

/* ---- for the owner ----------------------------------------------------------------------------- */

/* A number below CONTROL_CLIENTS, its own as long as it is connected. */
size_t control_number(const struct control_client *client);
const struct control_peer *control_peer(const struct control_client *client);

/* Puts a line (without its newline) into the client's buffer, whole or not at all. False: there is no room. */
bool control_say(struct control_client *client, const char *line);

/* Is there room for CONTROL_ROOM bytes? */
bool control_has_room(const struct control_client *client);

/* The answer is longer than this: `more` is called as often as there is room, until it returns false. */
void control_continue(struct control_client *client);

/* From now on this client only listens: it may be silent for ever, and what it sends is ignored. */
void control_watch(struct control_client *client);

/* The watching client with this number, or NULL. */
struct control_client *control_watcher(const struct control *control, size_t number);

#endif
