/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The texts that log readers know, exactly as knockd 0.8 writes them. Pure.
 */
#ifndef KNOCKD_LOGTEXT_H
#define KNOCKD_LOGTEXT_H

#include <stddef.h>

#include "wire/event.h"

/*
 * One line about the event, cut at `len`; `who` is the source as the line shall call it, "ADDRESS" or
 * "ADDRESS (NAME)", `door` the door's name. Empty for READY and DEALT_WITH, which no log has. Returns `buf`.
 */
const char *logtext_event(const struct event *event, const char *who, const char *door, char *buf, size_t len);

#endif
