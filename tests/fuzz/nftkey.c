/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first bytes are a set's type as the kernel sends it, the others an element's key as an admin writes it. */
#include "fuzz.h"

#include <string.h>
#include <sys/socket.h>

#include "conf/element.h"
#include "netlink/nftkey.h"

struct head {
	uint32_t type;
	uint8_t len, interval, six, address[16];
};

static void
encode(const struct nftkey_type *type, char **parts, size_t n, const struct addr *ip)
{
	uint8_t after[NFTKEY_LEN_MAX];
	struct nftkey key;
	char err[256] = "";

	if (nftkey_encode(&key, type, parts, n, ip, err, sizeof(err))) {
		HOLDS(*err);
		return;
	}
	HOLDS(key.len == type->len && key.len <= NFTKEY_LEN_MAX);
	HOLDS(type->interval || !memcmp(key.from, key.to, sizeof(key.from)));
	if (nftkey_after(&key, after) && n == 1)
		HOLDS(memcmp(key.from, key.to, key.len) <= 0 && memcmp(key.to, after, key.len) < 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text, *parts[ELEMENT_PARTS], name[NFTKEY_TYPE_LEN];
	struct nftkey_type type;
	struct head head;
	struct addr ip;
	bool interval = false;
	size_t n;

	if (size < sizeof(head) || size > sizeof(head) + ELEMENT_TEXT_MAX / 2)
		return 0;
	memcpy(&head, data, sizeof(head));
	type = (struct nftkey_type){ head.type, head.len, head.interval & 1 };
	ip = addr_from_bytes(head.six & 1 ? AF_INET6 : AF_INET, head.address);
	text = fuzz_text(data + sizeof(head), size - sizeof(head));
	n = element_split(text, parts);
	nftkey_type_text(type.type, name, sizeof(name));
	encode(&type, parts, n, &ip);
	for (size_t i = 0; i < n; i++)
		nftkey_guess(parts[i], &ip, &interval);
	free(text);
	return 0;
}
