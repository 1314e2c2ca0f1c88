/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much of root the parent keeps once all is set up, and what a reload can therefore not ask for. */
#ifndef KNOCKD_ROOT_H
#define KNOCKD_ROOT_H

#include "state.h"

/* Gives up what the configuration in force does not need; the last thing before the first thread. -1 after a line. */
int root_leave(struct daemon *d);

/* Could this configuration be in force with what was kept? 0, or -1 after a line. */
int root_check(const struct daemon *d, const struct conf *conf, const struct priv_user *user);

#endif
