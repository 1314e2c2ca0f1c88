/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `cut` with `grant`: when an access ends, the connections that its client has begun are deleted from connection
 * tracking. The admin's firewall then judges their next packet as one of no connection.
 */
#ifndef KNOCKD_CUTS_H
#define KNOCKD_CUTS_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"
#include "conf/element.h"
#include "lib/addr.h"
#include "lib/log.h"
#include "netlink/nftset.h"
#include "wire/request.h"

struct cuts;

/* Everything is borrowed. NULL with errno when memory is out. */
struct cuts *cuts_new(const struct log *log, struct nftset *nftset);
void cuts_free(struct cuts *cuts); /* NULL is legal */

/* An access has ended: notes it for cuts_tick(). */
void cuts_note(struct cuts *cuts, const char *door, const struct element *element, const struct addr *ip);

/* Whether cuts_note() is from now on about accesses that are cut whatever their door says. */
void cuts_force(struct cuts *cuts, bool forced);

/* Notes what doors would open for these addresses: connections whose access is over already. */
void cuts_whom(struct cuts *cuts, const struct conf *conf, const struct request_whom *whom);

/*
 * Cuts what was noted, if its door cuts, and logs it. An element that is still in its set, because the kernel's clock
 * is behind ours or an admin has put it in, keeps its connections: it is looked at again for a while.
 */
void cuts_tick(struct cuts *cuts, const struct conf *conf, uint64_t now);
uint64_t cuts_next(const struct cuts *cuts); /* ms of CLOCK_BOOTTIME; UINT64_MAX: never */

#endif
