/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hosts that this machine cannot do without, as the kernel's routing knows them. */
#ifndef KNOCKD_HOSTS_H
#define KNOCKD_HOSTS_H

#include "lib/addr.h"

typedef void hosts_found(void *arg, const struct addr *addr);

/*
 * Tells of the addresses of every interface, of the other end of point-to-point ones, of the broadcast addresses of its
 * networks, and of the next hop of every route; many routes may have the same. Needs no privilege. 0, or -1 with errno;
 * some may have been told of then.
 */
int hosts_each(hosts_found *found, void *arg);

#endif
