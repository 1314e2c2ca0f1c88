/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An IPv4 or IPv6 address as a plain value: compared, copied and hashed as bytes.
 */
#ifndef KNOCKD_ADDR_H
#define KNOCKD_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ADDR_STRLEN 46 /* longest text with its NUL: INET6_ADDRSTRLEN, <netinet/in.h> */

struct addr {
	uint8_t bytes[16]; /* network order; IPv4 uses the first 4, the rest is zero */
	uint8_t family;    /* AF_INET or AF_INET6; 0: no address */
};

/* Builds an address from 4 (AF_INET) or 16 (AF_INET6) bytes in network order. */
struct addr addr_from_bytes(int family, const void *bytes);

/*
 * Reads a numeric address of either family. "::ffff:192.0.2.1" is the IPv4 address 192.0.2.1. Returns 0, or -1 if the
 * text is not an address.
 */
int addr_parse(struct addr *addr, const char *text);

/* Writes the canonical text (RFC 5952, no scope, no brackets) and returns `buf`. */
const char *addr_format(const struct addr *addr, char buf[static ADDR_STRLEN]);

/* The address's length in bytes: 4, 16, or 0 when there is no address. */
size_t addr_len(const struct addr *addr);

bool addr_equal(const struct addr *a, const struct addr *b);

/*
 * Can a host have this address, so that it is a packet's source? Not 0.0.0.0/8, ::, multicast (224.0.0.0/4, ff00::/8),
 * 240.0.0.0/4 with the broadcast address, nor an IPv4 address as an IPv6 one (::ffff:0:0/96): RFC 6890, RFC 4291.
 */
bool addr_is_host(const struct addr *addr);

#endif
