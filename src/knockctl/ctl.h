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

/* Prints on stderr why ctl_link_open() has failed, with its errno. Returns the exit status. */
int ctl_explain_no_link(const char *path);

/* Returns the exit status. Errors are printed on stderr. */
int ctl_run(const struct ctl_options *options);

#endif
