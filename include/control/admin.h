/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What knockctl can ask of the daemon and have it do, over the control socket. A request is a line as request.h
 * has it. The answer is lines of JSON, one object each: first what was asked for, one object per door, access,
 * attempt or message; then {"done":true}, which may say more, or {"error":"..."}. A time is in milliseconds: since
 * 1970 as since_ms, until_ms and time_ms, otherwise from now. A text is UTF-8; what was not is U+FFFD in it. A door's
 * sequence is never told.
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

struct admin_daemon {
	void *arg;
	void (*look)(void *arg, struct admin_view *view);
	/* What SIGHUP does. True: the new configuration is in force; otherwise the log has said why not. */
	bool (*reload)(void *arg);
	/* Reads the configuration without using it. True: it is in order. */
	bool (*check)(void *arg, conf_report *report, void *to);
	/* Keeps no port shut any more, until the next reload or start. 0, or -1 with errno. */
	int (*unguard)(void *arg);
};

/*
 * Listens at `path` and becomes `log`'s listener. Without a socket there is a warning in the log and the result is
 * NULL, which is legal below.
 */
struct admin *admin_open(const char *path, struct log *log, const struct admin_daemon *daemon);
void admin_close(struct admin *admin);

/* For the loop: what to poll for, the result, and when admin_work() is due at the latest (CLOCK_BOOTTIME, ms). */
void admin_poll(const struct admin *admin, struct pollfd fds[static ADMIN_SLOTS]);
void admin_work(struct admin *admin, const struct pollfd fds[static ADMIN_SLOTS]);
uint64_t admin_next(const struct admin *admin);

/* What the engine has told, for those who watch, unless it was refused: see access_act(). */
void admin_events(struct admin *admin, const struct conf *conf, const struct event *events, const int *refused,
		  size_t n);

/* A new engine runs: no attempt is known any more, and the doors may be others. */
void admin_engine_started(struct admin *admin);

#endif
