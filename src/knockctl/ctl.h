/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * knockctl: sends a request to the daemon and prints the answer.
 */
#ifndef KNOCKD_CTL_H
#define KNOCKD_CTL_H

#include <stdio.h>

#include "ctl_options.h"

/* CTL_EXIT_NONE: no access was there to be revoked or extended. */
enum { CTL_EXIT_OK, CTL_EXIT_ERROR, CTL_EXIT_USAGE, CTL_EXIT_NO_DAEMON, CTL_EXIT_NONE };

void ctl_usage(FILE *out);

/* Returns the exit status. Errors are printed on stderr. */
int ctl_run(const struct ctl_options *options);

#endif
