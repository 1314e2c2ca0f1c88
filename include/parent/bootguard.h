/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guard without a daemon. Guarded ports stay shut before the daemon runs, and also if it cannot start: then the
 * guard is that of the configuration or, if that has an error, of the last good one, see src/parent/lastguard.h.
 *
 * None of this touches the table of a running daemon.
 */
#ifndef KNOCKD_BOOTGUARD_H
#define KNOCKD_BOOTGUARD_H

#include "parent/options.h"

struct daemon;

/*
 * knockd --guard: installs the guard of the configuration or, after its errors on stderr, of the last good one. 0, or
 * 1 after a line on stderr: no guard is in place.
 */
int bootguard_install(const struct options *options);

/* knockd --unguard: removes the table that an earlier run has left. 0, or 1 after a line on stderr. */
int bootguard_remove(void);

/*
 * For a daemon that could not start: shuts the ports if it has not come that far itself, and logs which are shut. Not
 * under a service manager that waits for readiness: there knockd-guard.service has done it, or the admin has masked
 * that.
 */
void bootguard_fall_back(const struct daemon *d);

#endif
