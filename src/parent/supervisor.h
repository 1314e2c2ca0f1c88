/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps an engine alive, and acts on what it reports. */
#ifndef KNOCKD_SUPERVISOR_H
#define KNOCKD_SUPERVISOR_H

#include "state.h"

/* 0, or -1 after a line; another try is due in a while then. */
int supervisor_start(struct daemon *d);
void supervisor_restart(struct daemon *d);

/* Ends an engine that is ahead of its parent, so that supervisor_restart() is due. */
void supervisor_renew(struct daemon *d);

/* What it has said; and the same when it has ended with `status`. */
void supervisor_read(struct daemon *d);
void supervisor_bury(struct daemon *d, int status);

/* child_events, with the daemon as `arg` */
void supervisor_take(void *arg, const struct event *events, size_t n);

#endif
