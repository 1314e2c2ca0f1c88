/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parent: opens what needs privilege, keeps an engine alive, acts on what it reports.
 */
#ifndef KNOCKD_DAEMON_H
#define KNOCKD_DAEMON_H

#include "parent/options.h"

/*
 * Runs until a signal ends it. Returns the exit status: the number of SIGTERM or SIGINT, 1 when it could
 * not start; the reason is then on stderr.
 */
int daemon_run(const struct options *options);

#endif
