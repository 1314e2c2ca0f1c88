/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/network.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"

#define TEXT_MAX (ADDR_STRLEN + sizeof("/128"))

struct network
network_around(const struct addr *addr, unsigned bits)
{
	unsigned whole = 8 * (unsigned)addr_len(addr);

	return (struct network){ .addr = *addr, .bits = (uint8_t)(bits < whole ? bits : whole) };
}

int
network_parse(struct network *network, const char *text)
{
	char copy[TEXT_MAX], *bits = copy, *address, *end = NULL;
	struct addr addr;
	long n = 128;

	if (text_copy(copy, sizeof(copy), text))
		return -1;
	address = strsep(&bits, "/");
	if (addr_parse(&addr, address))
		return -1;
	if (bits)
		n = isdigit((unsigned char)*bits) ? strtol(bits, &end, 10) : -1;
	if (n < 0 || (bits && (*end || n > 8 * (long)addr_len(&addr))))
		return -1;
	*network = network_around(&addr, (unsigned)n);
	return 0;
}

bool
network_overlaps(const struct network *a, const struct network *b)
{
	unsigned bits = a->bits < b->bits ? a->bits : b->bits, whole = bits / 8;
	uint8_t rest = (uint8_t)(0xff00u >> bits % 8);

	if (a->addr.family != b->addr.family || memcmp(a->addr.bytes, b->addr.bytes, whole))
		return false;
	return !(bits % 8) || !((a->addr.bytes[whole] ^ b->addr.bytes[whole]) & rest);
}
