/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes the journal's file anew, with all live accesses: as "journal.new", which is synced and then renamed. Until
 * that succeeds the old file stays as it is.
 *
 * The live accesses are copied in portions, under the lock only while they are formatted. Lines that are appended
 * meanwhile are collected in `since` and follow at the end. The order of the two does not matter: ids only rise, a move
 * may be read twice, and the end of an unknown access is ignored.
 */
#ifndef KNOCKD_RENEW_H
#define KNOCKD_RENEW_H

#include <stdbool.h>

#include "state.h"

/* Has the file failed, or grown too big, or does it hold ends from before a step of the clock? */
bool renew_is_due(const struct journal *j);

/*
 * Called with the lock held and no held lines; returns with it held, and unlocks in between. A failure is in `error`
 * then.
 */
void renew_file(struct journal *j);

#endif
