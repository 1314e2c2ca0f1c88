/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine as its parent sees it: a process, the street its events come on, its counters.
 */
#ifndef KNOCKD_CHILD_H
#define KNOCKD_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "conf/conf.h"
#include "lib/log.h"
#include "process/priv.h"
#include "wire/counters.h"
#include "wire/event.h"
#include "wire/ipc.h"

struct child {
	pid_t pid;  /* 0: there is none */
	int ipc_fd; /* the parent's end; -1: closed */
	struct counters *counters;
	struct counters before; /* what earlier engines have counted */
};

/*
 * Forks an engine for this configuration, reading from `capture_fd`, and waits until it says that it is
 * confined and reading. 0, or -1 after a line in the log.
 */
int child_start(struct child *child, const struct conf *conf, const struct priv_user *user, int capture_fd,
		const struct log *log);

/* Called with what the engine still had to say while child_stop() waited for it. */
typedef void child_events(void *arg, const struct event *events, size_t n);

/*
 * Asks the engine to finish, hands over the events it still sends, and reaps it; one that has not ended
 * after a second is killed. Does nothing when there is none. False: what it has read it may not have dealt with.
 */
bool child_stop(struct child *child, child_events *take, void *arg);

/* Ends it without another word and returns its status as waitpid() tells it; one that had died keeps its own. */
int child_kill(struct child *child);

/* What this engine and those before it have counted; `attempts` is only this one's. */
struct counters child_counters(const struct child *child);

/* Forgets a process that was reaped elsewhere. */
void child_forget(struct child *child);

#endif
