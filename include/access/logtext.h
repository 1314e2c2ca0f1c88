/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Log lines about events; those that knockd 0.8 has are worded as there. Pure. */
#ifndef KNOCKD_LOGTEXT_H
#define KNOCKD_LOGTEXT_H

#include <stddef.h>

#include "wire/event.h"

/*
 * One line about the event, cut at `len`. `who` is the source, "ADDRESS" or "ADDRESS (NAME)"; `door` is the door's
 * name. Empty for READY and DEALT_WITH, which are not logged. Returns `buf`.
 */
const char *logtext_event(const struct event *event, const char *who, const char *door, char *buf, size_t len);

#endif
