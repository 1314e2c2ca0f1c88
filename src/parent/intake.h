/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The group or the queues that knocks come from, and the verdicts on packets that the kernel holds. */
#ifndef KNOCKD_INTAKE_H
#define KNOCKD_INTAKE_H

#include "state.h"

/* A descriptor of what `conf` wants to listen to, or -1 after a line that says why. */
int intake_listen(struct daemon *d, const struct conf *conf);

/* Do both listen to the same? */
bool intake_same(const struct conf *a, const struct conf *b);

/* For packets that the engine has dealt with; what it has recognised in them must have been acted on. */
void intake_give_verdicts(struct daemon *d, const struct event *events, size_t n);

/* What the kernel holds goes on as if it had been dealt with: the engine that has read it is no more. */
void intake_give_up(struct daemon *d);
void intake_close(struct daemon *d);

#endif
