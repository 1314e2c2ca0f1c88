/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/addr.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ::ffff:0:0/96: an IPv4 address written as an IPv6 one, RFC 4291 */
static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

static bool
is_mapped(const struct addr *addr)
{
	return addr->family == AF_INET6 && !memcmp(addr->bytes, mapped, sizeof(mapped));
}

struct addr
addr_from_bytes(int family, const void *bytes)
{
	struct addr addr = { .family = (uint8_t)family };

	memcpy(addr.bytes, bytes, addr_len(&addr));
	return addr;
}

int
addr_parse(struct addr *addr, const char *text)
{
	static const int families[] = { AF_INET, AF_INET6 };

	for (size_t i = 0; i < 2; i++) {
		memset(addr, 0, sizeof(*addr));
		if (inet_pton(families[i], text, addr->bytes) == 1) {
			addr->family = (uint8_t)families[i];
			if (is_mapped(addr))
				*addr = addr_from_bytes(AF_INET, addr->bytes + sizeof(mapped));
			return 0;
		}
	}
	return -1;
}

static char *
put_octet(char *to, unsigned n)
{
	if (n >= 100)
		*to++ = (char)('0' + n / 100);
	if (n >= 10)
		*to++ = (char)('0' + n / 10 % 10);
	*to++ = (char)('0' + n % 10);
	return to;
}

/* Ten times as fast as inet_ntop(), which uses sprintf(). */
static void
format_ipv4(const uint8_t bytes[static 4], char *to)
{
	for (size_t i = 0; i < 4; i++) {
		to = put_octet(to, bytes[i]);
		*to++ = i < 3 ? '.' : '\0';
	}
}

const char *
addr_format(const struct addr *addr, char buf[static ADDR_STRLEN])
{
	if (addr->family == AF_INET)
		format_ipv4(addr->bytes, buf);
	else if (!inet_ntop(addr->family, addr->bytes, buf, ADDR_STRLEN))
		snprintf(buf, ADDR_STRLEN, "?");
	return buf;
}

size_t
addr_len(const struct addr *addr)
{
	switch (addr->family) {
	case AF_INET:
		return 4;
	case AF_INET6:
		return 16;
	}
	return 0;
}

bool
addr_equal(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && !memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

bool
addr_is_host(const struct addr *addr)
{
	static const uint8_t unspecified[16] = { 0 };
	uint8_t first = addr->bytes[0];

	if (addr->family == AF_INET)
		return first && first < 224;
	return addr->family == AF_INET6 && first != 0xff && !is_mapped(addr) &&
	       memcmp(addr->bytes, unspecified, sizeof(unspecified));
}
