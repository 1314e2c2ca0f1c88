/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket: a listening unix socket, its clients, and lines in both directions, which the owner interprets.
 * Nothing here blocks, and everything is bounded, so that a client that sends garbage, sends nothing or never reads
 * does not affect others:
 *
 *   - a request is one line of at most CONTROL_LINE_MAX bytes, and each client has one request at a time;
 *   - an answer goes through a buffer of CONTROL_OUT_MAX bytes; a longer one is made in portions;
 *   - a client that does not read its output, or sends no request, is dropped after some seconds;
 *   - there are at most CONTROL_CLIENTS clients, CONTROL_OF_ONE of one user other than root, and CONTROL_OF_ALL of all
 *     such users, so that they never keep root out.
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
#define CONTROL_ROOM       (32 * 1024) /* free when the owner is called */
#define CONTROL_IDLE_MSEC  10000       /* without a request */
#define CONTROL_STALL_MSEC 10000       /* without reading pending output */

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
	/* May this client connect? The socket's mode has let it pass. */
	bool (*admit)(void *arg, const struct control_peer *peer);
	/* Answers a request with control_say(). `line` has no newline and is valid during the call. */
	void (*take)(void *arg, struct control_client *client, const char *line, size_t len);
	/* Sends the next portion, after control_continue(). False: it was the last one. */
	bool (*more)(void *arg, struct control_client *client);
};

/*
 * Listens at `path`: mode 0660 and group CONTROL_GROUP, or 0600 without such a group. Makes the last directory of the
 * path (0755) if it is missing, and replaces the socket of a dead daemon. `path` and `owner` are copied. NULL with
 * errno; EADDRINUSE: another daemon uses the socket, EEXIST: the path is not a socket.
 */
struct control *control_open(const char *path, const struct control_owner *owner, const struct log *log);
void control_close(struct control *control); /* also removes the socket; NULL is legal */

/* For the loop: fills the slots, handles the result of poll(2), tells its deadline (CLOCK_BOOTTIME, ms). */
void control_poll(const struct control *control, struct pollfd fds[static CONTROL_SLOTS]);
void control_work(struct control *control, const struct pollfd fds[static CONTROL_SLOTS]);
uint64_t control_next(const struct control *control);

/* ---- for the owner ----------------------------------------------------------------------------- */

/* A number below CONTROL_CLIENTS, unique while the client is connected. */
size_t control_number(const struct control_client *client);
const struct control_peer *control_peer(const struct control_client *client);

/* Puts a line (without its newline) into the client's buffer. False: no room, or given up; nothing was put there. */
bool control_say(struct control_client *client, const char *line);

/* Is there room for CONTROL_ROOM bytes? */
bool control_has_room(const struct control_client *client);

/* The answer cannot be completed: the connection ends behind what it has so far, which tells the client. */
void control_give_up(struct control_client *client);

/* The answer goes on: `more` is called whenever there is room, until it returns false. */
void control_continue(struct control_client *client);

/* From now on the client only watches: it has no idle timeout, and its input is ignored. */
void control_watch(struct control_client *client);

/* The watching client with this number, or NULL. */
struct control_client *control_watcher(const struct control *control, size_t number);

#endif
