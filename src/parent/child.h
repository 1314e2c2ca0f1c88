/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine process, for its parent: start and stop, its event socket, its counters.
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
	struct counters before; /* sums of earlier engines */
	uint64_t beat_msec;     /* as in struct engine_setup; the caller's */
};

/*
 * Forks an engine for this configuration, reading from `capture_fd`, and waits for its EVENT_READY. 0, or -1 after a
 * log line.
 */
int child_start(struct child *child, const struct conf *conf, const struct priv_user *user, int capture_fd,
		const struct log *log);

/* Receives the events that the engine sends until it ends. */
typedef void child_events(void *arg, const struct event *events, size_t n);

/*
 * Asks the engine to finish, passes on the events it still sends, and reaps it. Kills an engine that sends nothing for
 * a second. False: the engine may not have dealt with all packets it had read. True without an engine.
 */
bool child_stop(struct child *child, child_events *take, void *arg);

/* Kills and reaps the engine. Returns its waitpid(2) status, also if it had already died; 0 without an engine. */
int child_kill(struct child *child);

/* The sums of this and earlier engines; `attempts` is this engine's alone. */
struct counters child_counters(const struct child *child);

/* Cleans up after an engine that the caller has reaped. */
void child_forget(struct child *child);

#endif
