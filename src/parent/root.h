/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The privileges that the parent keeps after start, and the check that a reload needs no others. */
#ifndef KNOCKD_ROOT_H
#define KNOCKD_ROOT_H

#include "state.h"

/* Drops the privileges that the configuration does not need. No thread may run yet. 0, or -1 after a log line. */
int root_leave(struct daemon *d);

/* Do the privileges that were kept suffice for this configuration? 0, or -1 after a log line. */
int root_check(const struct daemon *d, const struct conf *conf, const struct priv_user *user);

#endif
