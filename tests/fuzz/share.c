/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A server of the group sends records of any content. The input is an id, then a record: as it is; and as the plain
 * text of one that a gateway of the group has sealed.
 */
#include "fuzz.h"

#include <sodium.h>
#include <string.h>

#include "share/notice.h"
#include "share/seal.h"

static struct seal_keys
make_keys(void)
{
	const uint8_t secret[SEAL_KEY_LEN] = { 1 };
	struct seal_keys keys = { .n = 1 };

	HOLDS(sodium_init() >= 0);
	seal_derive(&keys.at[0], secret);
	return keys;
}

/* What was accepted makes sense, and is read again as it was. */
static void
use(const struct seal_keys *keys, const struct notice *n)
{
	struct share_message m = { .kind = SHARE_RECORD };
	const struct seal_key *key;
	struct notice back;

	HOLDS(n->kind >= NOTICE_HELLO && n->kind < NOTICE_KINDS);
	HOLDS(memchr(n->text, '\0', sizeof(n->text)));
	for (const char *c = n->text; *c; c++)
		HOLDS((unsigned char)*c >= 0x20 && *c != 0x7f);
	if (n->kind == NOTICE_GRANT || n->kind == NOTICE_REVOKE || n->kind == NOTICE_BAN)
		HOLDS(addr_is_host(&n->ip));
	HOLDS(notice_left(n, 0, 0) == UINT64_MAX || notice_left(n, 0, 0) <= n->left_ms);
	seal_notice(keys, n, &m);
	HOLDS(!seal_open(keys, &m, &back, &key));
	HOLDS(!strcmp(back.text, n->text) && back.hlc == n->hlc && addr_equal(&back.ip, &n->ip));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seal_keys keys = make_keys();
	struct share_message m = { .kind = SHARE_RECORD };
	uint8_t plain[NOTICE_LEN] = { 0 };
	const struct seal_key *key;
	struct notice n;

	memcpy(&m.id, data, size < SHARE_ID ? size : SHARE_ID);
	data += size < SHARE_ID ? size : SHARE_ID;
	size -= size < SHARE_ID ? size : SHARE_ID;
	memcpy(m.sealed, data, size < SHARE_SEALED ? size : SHARE_SEALED);
	HOLDS(seal_open(&keys, &m, &n, &key)); /* nobody guesses the seal */
	memcpy(plain, data, size < NOTICE_LEN ? size : NOTICE_LEN);
	if (!notice_unpack(&n, plain))
		use(&keys, &n);
	return 0;
}
