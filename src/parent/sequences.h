/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One-time files that change while the daemon runs: they are read again, and a new engine gets their sequences. */
#ifndef KNOCKD_SEQUENCES_H
#define KNOCKD_SEQUENCES_H

#include "state.h"

/*
 * Lets the kernel report changes in the directories of the files in `d->conf`, on `d->watch_fd`. Without that (inotify)
 * a change is noticed when a sequence is used.
 */
void sequences_watch(struct daemon *d);

/* Reads the kernel's reports, and follows. */
void sequences_read_watch(struct daemon *d);

/* Reads the changed files again. True: there were some, and engine and rules have the new sequences. Logs it. */
bool sequences_follow(struct daemon *d);

#endif
