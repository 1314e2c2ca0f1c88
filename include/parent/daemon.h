/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parent process: does what needs privilege, keeps an engine running and acts on its events.
 */
#ifndef KNOCKD_DAEMON_H
#define KNOCKD_DAEMON_H

#include "parent/options.h"

/*
 * Runs until SIGTERM or SIGINT. Returns the exit status: the number of that signal, or, with the reason on stderr,
 * notify_config_status() for an error in the configuration and 1 if the daemon could not start.
 */
int daemon_run(const struct options *options);

#endif
