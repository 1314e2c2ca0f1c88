/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which doors of a configuration open a port, found quickly among 65,535 doors. */
#ifndef KNOCKD_OPENED_H
#define KNOCKD_OPENED_H

#include "conf/conf.h"

struct opened;

/* For the doors of `conf` as they are now, which must outlive it. NULL: no memory. */
struct opened *opened_new(const struct conf *conf);

void opened_free(struct opened *opened);

/* The first door in the file that opens the port at `target`, or NULL. */
const struct door *opened_first(const struct opened *opened, const struct addr *target, const struct knock_port *port);

#endif
