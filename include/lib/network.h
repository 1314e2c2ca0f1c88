/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses that have their first bits in common: "192.0.2.0/24", "2001:db8::/32". */
#ifndef KNOCKD_NETWORK_H
#define KNOCKD_NETWORK_H

#include <stdbool.h>

#include "lib/addr.h"

#define NETWORK_STRLEN (ADDR_STRLEN + 4)

/* All addresses that begin with the first `bits` bits of `addr`; its other bits are zero. */
struct network {
	struct addr addr;
	unsigned bits;
};

/* Reads "192.0.2.0/24", or "::ffff:192.0.2.0/120", which is the same; or an address alone. Returns 0, or -1. */
int network_parse(struct network *network, const char *text);

/* Writes the network as it is read, an address alone without its bits. Returns `buf`. */
const char *network_format(const struct network *network, char buf[static NETWORK_STRLEN]);

/* The network of these bits around an address; more bits than it has are all of them. */
struct network network_around(const struct addr *addr, unsigned bits);

bool network_has(const struct network *network, const struct addr *addr);

/* Is any address in both? */
bool network_overlaps(const struct network *a, const struct network *b);

#endif
