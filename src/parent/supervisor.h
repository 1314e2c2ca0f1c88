/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps an engine running and acts on its events. */
#ifndef KNOCKD_SUPERVISOR_H
#define KNOCKD_SUPERVISOR_H

#include "state.h"

/* Starts an engine. 0, or -1 after a log line; supervisor_restart() is then due after a pause. */
int supervisor_start(struct daemon *d);
void supervisor_restart(struct daemon *d);

/* Ends an engine that is ahead of its parent, so that supervisor_restart() is due. */
void supervisor_renew(struct daemon *d);

/* Kills an engine that hangs, so that supervisor_restart() is due. */
void supervisor_end_stuck(struct daemon *d);

/* Takes the engine's events; and its last ones, when it was reaped with `status`. */
void supervisor_read(struct daemon *d);
void supervisor_bury(struct daemon *d, int status);

/* child_events, with the daemon as `arg` */
void supervisor_take(void *arg, const struct event *events, size_t n);

#endif
