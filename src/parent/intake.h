/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The NFLOG group or the queues that knocks come from, and the verdicts on packets held in the queues. */
#ifndef KNOCKD_INTAKE_H
#define KNOCKD_INTAKE_H

#include "state.h"

/* Opens the group or queues of `conf`. A descriptor, or -1 after a log line. */
int intake_listen(struct daemon *d, const struct conf *conf);

/* Do both use the same group or queues? */
bool intake_same(const struct conf *a, const struct conf *b);

/* Before an engine reads: may the kernel gather packets? Only for the daemon's own rules, which limit that to floods.
 */
void intake_gather(const struct daemon *d);

/* Verdicts on the packets that the engine reports as dealt with. Call after acting on the events. */
void intake_give_verdicts(struct daemon *d, const struct event *events, size_t n);

/* Verdicts on all held packets, as if dealt with: the engine that read them is gone. */
void intake_give_up(struct daemon *d);
void intake_close(struct daemon *d);

#endif
