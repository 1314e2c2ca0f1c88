/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The counter of signed knocks, which rises even if the clock goes back: the file knock/counter of the user's state. */
#ifndef KNOCK_COUNTER_H
#define KNOCK_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The clock in microseconds since 1970, or one more than the last counter if that is higher, also among processes that
 * call this at once. Makes the directories of `path`. Without the file, the clock. `warned`, at first false, is for one
 * warning on stderr: the file cannot be used, or its counter is so far ahead of the clock that a server refuses it.
 */
uint64_t counter_next(const char *path, bool *warned);

#endif
