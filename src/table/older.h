/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guarded TCP ports with a connection of a local socket at this moment: connection tracking may not know it. Published
 * ports need none of this, because DNAT tracks; the connections of Targets cannot be seen here.
 */
#ifndef KNOCKD_OLDER_H
#define KNOCKD_OLDER_H

#include "rules.h"

/* Adds entries with these ports to `set`. If the kernel does not list its sockets, every port counts. -1: no memory. */
int older_ports(const struct rules *rules, struct port_set *set);

#endif
