/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps a courier running while gateways share accesses, and carries messages between it and access/sharing.h. */
#ifndef KNOCKD_GATEWAYS_H
#define KNOCKD_GATEWAYS_H

#include "state.h"

/* Makes d->sharing, which may be NULL in a build without it. 0, or -1 after a log line. */
int gateways_open(struct daemon *d);
void gateways_close(struct daemon *d);

/* After the journals have been read: what they have is told to the others, if they do not know. */
void gateways_start(struct daemon *d);

/*
 * The configuration is another one: starts, replaces or ends the courier. Before: gateways_compare() with the new one,
 * as a courier that is connected and would do the same is kept.
 */
void gateways_compare(struct daemon *d, const struct conf *conf);
void gateways_follow(struct daemon *d);

/* For the loop: the courier's messages, its end, its next start, and what sharing has to do. */
void gateways_read(struct daemon *d);
bool gateways_reaped(struct daemon *d, pid_t pid, int status);
void gateways_tick(struct daemon *d);
uint64_t gateways_next(const struct daemon *d);

/* grants_ended, with the daemon as `arg` */
void gateways_ended(void *arg, enum grants_end why, const char *door, const struct element *element,
		    const struct addr *ip);

#endif
