/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's part of the kernel's ruleset: installs table inet knockd, and puts it back when it was changed. */
#ifndef KNOCKD_UPKEEP_H
#define KNOCKD_UPKEEP_H

#include "state.h"

/* -1 after a line when another knockd keeps the table in this network namespace. */
int upkeep_find_other(struct daemon *d);

/* Lines on what is left of the table of an earlier run that nobody takes away now. */
void upkeep_warn_of_leftovers(const struct daemon *d);

/* Puts table inet knockd in place as `conf` wants it, or takes it away. 0, or -1 after a line. */
int upkeep_install(struct daemon *d, const struct conf *conf);

/* Somebody has changed the ruleset: what is missing is put back. */
void upkeep_read_monitor(struct daemon *d);
void upkeep_put_back(struct daemon *d);

/* The kernel has refused a change of ours: upkeep_put_back() is due in a while. */
void upkeep_retry_later(struct daemon *d);

#endif
