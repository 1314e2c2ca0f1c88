/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses that have their first bits in common: "192.0.2.0/24", "2001:db8::/32". */
#ifndef KNOCKD_NETWORK_H
#define KNOCKD_NETWORK_H

#include <stdbool.h>

#include "lib/addr.h"

struct network {
	struct addr addr; /* any of them */
	uint8_t bits;     /* at most those that an address of the family has */
};

/* Reads one, or a single address. 0, or -1 when the text is none. */
int network_parse(struct network *network, const char *text);

/* The network of these bits around an address; more bits than it has are all of them. */
struct network network_around(const struct addr *addr, unsigned bits);

/* Is any address in both? */
bool network_overlaps(const struct network *a, const struct network *b);

#endif
