/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ports that the kernel takes for connections to others (net.ipv4.ip_local_port_range), for IPv6 as well. */
#ifndef KNOCKD_LOCALPORTS_H
#define KNOCKD_LOCALPORTS_H

#include <stdint.h>

/* The kernel's default: net->ipv4.ip_local_ports in net/ipv4/af_inet.c. */
#define LOCALPORTS_FIRST 32768
#define LOCALPORTS_LAST  60999

struct localports {
	uint16_t first, last;
};

/* Asks the kernel; its default where that is not possible. */
struct localports localports_read(void);

#endif
