/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The network interfaces of this machine, as they are at the moment. */
#ifndef KNOCKD_LINKS_H
#define KNOCKD_LINKS_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/addr.h"

struct link {
	unsigned index;
	unsigned master; /* the index of the bridge, bond, VRF, ... that it belongs to; 0: none */
	char name[IFNAMSIZ];
	char kind[IFNAMSIZ]; /* "bridge", "vrf", "veth", ...; "": a device */
	char altnames[256];  /* alternative names, separated by blanks, as many as fit */
	bool filters[2];     /* a bridge: its own option to hand IPv4, IPv6 packets between ports to netfilter */
};

struct links {
	struct link *at;
	size_t n;
};

/* 0, or -1 with errno. Call links_free() in either case. */
int links_read(struct links *links);
void links_free(struct links *links);

/* NULL: none. */
const struct link *links_by_index(const struct links *links, unsigned index);
const struct link *links_by_name(const struct links *links, const char *name);

/*
 * The interface by which this machine sends packets to the address; 0: none, or it is an address of this machine.
 */
unsigned links_to(const struct addr *addr);

/* False: it is the broadcast address of a network of this machine, or one that all its routers have (anycast). */
bool links_may_be_host(const struct addr *addr);

#endif
