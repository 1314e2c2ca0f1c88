/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/network.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/text.h"

#define MAPPED_BITS 96 /* before the IPv4 address in ::ffff:192.0.2.1, RFC 4291 */

static unsigned
all_bits(const struct addr *addr)
{
	return (unsigned)addr_len(addr) * 8;
}

/* The address with all but its first `bits` bits cleared. */
static struct addr
masked(const struct addr *addr, unsigned bits)
{
	struct addr net = *addr;

	for (unsigned i = bits; i < all_bits(addr); i++)
		net.bytes[i / 8] &= (uint8_t) ~(0x80 >> i % 8);
	return net;
}

/* `skip`: the first bits of the text's notation that the address does not have. */
static int
parse_bits(unsigned *bits, const char *text, unsigned skip)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (!isdigit((unsigned char)*text) || *end || n < skip || n - skip > *bits)
		return -1;
	*bits = (unsigned)n - skip;
	return 0;
}

int
network_parse(struct network *network, const char *text)
{
	char copy[NETWORK_STRLEN], *rest;
	bool mapped;

	if (text_copy(copy, sizeof(copy), text))
		return -1;
	rest = copy;
	if (addr_parse(&network->addr, strsep(&rest, "/")))
		return -1;
	mapped = network->addr.family == AF_INET && strchr(copy, ':');
	network->bits = all_bits(&network->addr);
	if (rest && parse_bits(&network->bits, rest, mapped ? MAPPED_BITS : 0))
		return -1;
	network->addr = masked(&network->addr, network->bits);
	return 0;
}

const char *
network_format(const struct network *network, char buf[static NETWORK_STRLEN])
{
	size_t len;

	addr_format(&network->addr, buf);
	len = strlen(buf);
	if (network->bits < all_bits(&network->addr))
		snprintf(buf + len, NETWORK_STRLEN - len, "/%u", network->bits);
	return buf;
}

bool
network_has(const struct network *network, const struct addr *addr)
{
	struct addr first;

	if (addr->family != network->addr.family)
		return false;
	first = masked(addr, network->bits);
	return addr_equal(&first, &network->addr);
}

struct network
network_around(const struct addr *addr, unsigned bits)
{
	unsigned most = all_bits(addr);

	if (bits > most)
		bits = most;
	return (struct network){ .addr = masked(addr, bits), .bits = bits };
}

bool
network_overlaps(const struct network *a, const struct network *b)
{
	return a->bits < b->bits ? network_has(a, &b->addr) : network_has(b, &a->addr);
}
