/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The texts that log readers know, exactly as knockd 0.8 writes them. Pure.
 */
#ifndef KNOCKD_LOGTEXT_H
#define KNOCKD_LOGTEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/event.h"

/*
 * True when the event is one that engine and configuration can have produced: a kind, a door below
 * `n_doors`, a source where one belongs and none elsewhere. What does not pass was not sent by an engine in its
 * right mind.
 */
bool event_valid(const struct event *event, size_t n_doors);

/*
 * One line about the event, cut at `len`; `who` is the source as the line shall call it, "ADDRESS" or
 * "ADDRESS (NAME)", `door` the door's name. Returns `buf`.
 */
const char *logtext_event(const struct event *event, const char *who, const char *door, char *buf, size_t len);

#endif
