/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * knockctl's requests over the control socket. A request is one line, see request.h. The answer is lines of JSON, one
 * object each: one per door, access, attempt or message; then {"done":true}, perhaps with more members, or
 * {"error":"..."}. Times are in milliseconds: since 1970 for since_ms, until_ms, time_ms and last_*, durations
 * otherwise. Texts are UTF-8; U+FFFD replaces other bytes. No answer contains a door's sequence.
 *
 * Root, the user who has started the daemon and the members of the socket's group may ask. The engine's user may not,
 * even as a member or while the daemon has its uid: an attacker that takes over the engine could open doors.
 *
 * A member gets no answer, number or event that shows which packets matter: no attempts, no counters of packets, only
 * openings and notices while watching, and no message about the configuration.
 */
#ifndef KNOCKD_ADMIN_H
#define KNOCKD_ADMIN_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"
#include "control/view.h"
#include "lib/log.h"
#include "wire/event.h"

#define ADMIN_SLOTS 17 /* for poll(2): the listening socket and 16 clients */

struct admin;

/* Listens at `path` and becomes `log`'s listener. NULL, after a warning, without a socket; NULL is legal below. */
struct admin *admin_open(const char *path, struct log *log, const struct admin_daemon *daemon);
void admin_close(struct admin *admin);

/* For the loop: fills the slots, handles the result of poll(2), tells its deadline (CLOCK_BOOTTIME, ms). */
void admin_poll(const struct admin *admin, struct pollfd fds[static ADMIN_SLOTS]);
void admin_work(struct admin *admin, const struct pollfd fds[static ADMIN_SLOTS]);
uint64_t admin_next(const struct admin *admin);

/* Counts the engine's events, and passes all but refused ones (see access_act()) to the clients that watch. */
void admin_events(struct admin *admin, const struct conf *conf, const struct event *events, const int *refused,
		  size_t n);

/* A signed knock, a code or a claim was refused, and so is no opening. */
void admin_refused(struct admin *admin, const struct event *event);

/* A new engine runs: it knows no attempts, and its doors may have other numbers. */
void admin_engine_started(struct admin *admin);

#endif
