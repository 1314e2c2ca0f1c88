/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Part of access: a door's one-time sequence is used up. */
#ifndef KNOCKD_USEDUP_H
#define KNOCKD_USEDUP_H

#include "access/sharing.h"
#include "conf/door.h"
#include "lib/log.h"

/*
 * Marks the door's sequence as used, tells other gateways, and moves on to the next. Returns 0, or as errno why the
 * mark is not on disk: the opening must then be refused, or the sequence would be valid a second time. ECANCELED: the
 * door was disabled meanwhile, which the engine does not know yet.
 */
int usedup_mark(struct sharing *sharing, struct door *door);

/* Logs what came of it: an error of usedup_mark(), or, with 0, that it was the last sequence. */
void usedup_log(const struct log *log, const struct door *door, int refused);

#endif
