/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ends flows: deletes them from connection tracking. Needs libnetfilter_conntrack. */
#ifndef KNOCKD_FLOWS_H
#define KNOCKD_FLOWS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/network.h"

/* Flows that a client of this network has begun. */
struct flows_match {
	struct network from;
	struct addr to;              /* to this address; no family: any */
	uint8_t proto;               /* IPPROTO_TCP and the like; 0: any */
	uint16_t port_from, port_to; /* to these ports, before or after DNAT; 0: any */
	size_t ended;                /* set by flows_end() */
};

/* Ends all flows that fit any of them. 0, or -1 with errno; ENOSYS: built without the library. */
int flows_end(struct flows_match *matches, size_t n);

#endif
