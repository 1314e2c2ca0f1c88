/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is not banned: an attacker can forge the source of a scan, and would otherwise take from this machine its
 * routers, its name servers or its clients.
 */
#ifndef KNOCKD_BANS_H
#define KNOCKD_BANS_H

#include <stddef.h>

#include "access/closing.h"
#include "access/grants.h"
#include "conf/conf.h"
#include "lib/addr.h"
#include "netlink/nftset.h"

struct bans;

/* What it asks besides the configuration; borrowed. */
struct bans_sources {
	struct nftset *nftset;
	const struct grants *grants;
	const struct closings *closings;
};

struct bans *bans_new(const struct bans_sources *sources); /* NULL with errno when memory is out */
void bans_free(struct bans *bans);                         /* NULL is legal */

/*
 * NULL: what Ban_Set says may be done to this address. Else why not, a constant text: it, or another address of a
 * network that would be banned with it, is of a kind that is never banned, in Ban_Except, one of this machine's own or
 * a next hop, a name server, or has an access.
 */
const char *bans_spare(struct bans *bans, const struct conf *conf, const struct addr *ip);

#endif
