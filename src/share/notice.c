/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "share/notice.h"

#include <netinet/in.h>
#include <sodium.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/moment.h"
#include "lib/text.h"

#define VERSION 1

void
notice_door_id(const char *name, uint8_t id[static NOTICE_ID_LEN])
{
	uint8_t hash[16];

	crypto_generichash(hash, sizeof(hash), (const unsigned char *)name, strlen(name), NULL, 0);
	memcpy(id, hash, NOTICE_ID_LEN);
}

static void
put(uint8_t *to, uint64_t n, size_t len)
{
	for (size_t i = len; i--; n >>= 8)
		to[i] = (uint8_t)n;
}

static uint64_t
take(const uint8_t *from, size_t len)
{
	uint64_t n = 0;

	for (size_t i = 0; i < len; i++)
		n = n << 8 | from[i];
	return n;
}

static uint8_t
family_byte(const struct addr *ip)
{
	return ip->family == AF_INET ? 4 : ip->family == AF_INET6 ? 6 : 0;
}

static bool
has_reset(const struct notice *n)
{
	return n->kind == NOTICE_COUNTER || n->kind == NOTICE_RESET;
}

void
notice_pack(const struct notice *n, uint8_t bytes[static NOTICE_LEN])
{
	memset(bytes, 0, NOTICE_LEN);
	bytes[0] = VERSION;
	bytes[1] = (uint8_t)n->kind;
	bytes[3] = family_byte(&n->ip);
	bytes[4] = n->proto;
	put(bytes + 6, n->port, 2);
	put(bytes + 8, n->origin, 8);
	put(bytes + 16, n->run, 8);
	put(bytes + 24, n->seq, 8);
	put(bytes + 32, n->hlc, 8);
	put(bytes + 40, n->author, 8);
	if (has_reset(n))
		put(bytes + 48, n->reset, 8);
	else
		memcpy(bytes + 48, n->door, NOTICE_ID_LEN);
	memcpy(bytes + 56, n->ip.bytes, 16);
	put(bytes + 72, n->left_ms, 8);
	put(bytes + 80, (uint64_t)n->end_ms, 8);
	memcpy(bytes + 88, n->key, NOTICE_ID_LEN);
	put(bytes + 96, n->counter, 8);
	if (n->kind == NOTICE_ONCE_USED)
		memcpy(bytes + 104, n->once, NOTICE_ONCE);
	else
		memcpy(bytes + 104, n->text, NOTICE_TEXT);
	put(bytes + 152, n->filled, 8);
}

static bool
names_host(const struct notice *n)
{
	return addr_is_host(&n->ip);
}

static bool
has_port(const struct notice *n)
{
	return n->port ? n->proto == IPPROTO_TCP || n->proto == IPPROTO_UDP : !n->proto;
}

static bool
makes_sense(const struct notice *n)
{
	bool timed =
	    n->left_ms <= SHARE_LEFT_MAX && n->end_ms >= 0 && n->end_ms <= MOMENT_MAX_MSEC && !n->left_ms == !n->end_ms;

	if (n->filled && n->kind != NOTICE_HELLO)
		return false;
	switch (n->kind) {
	case NOTICE_HELLO:
		return !n->ip.family && !n->port && !n->left_ms;
	case NOTICE_GRANT:
	case NOTICE_REVOKE:
		return names_host(n) && has_port(n) && timed && n->hlc;
	case NOTICE_COUNTER:
		return n->counter && !n->port && timed && n->hlc;
	case NOTICE_ONCE_USED:
		return !n->ip.family && !n->port && n->hlc;
	case NOTICE_BAN:
		return names_host(n) && !n->port && timed && n->left_ms && n->hlc;
	case NOTICE_RESET:
		return !n->ip.family && !n->port && timed && n->left_ms && n->hlc && n->counter && n->reset;
	case NOTICE_KINDS:
		break;
	}
	return false;
}

static struct addr
take_addr(uint8_t family, const uint8_t bytes[16])
{
	if (family == 4)
		return addr_from_bytes(AF_INET, bytes);
	if (family == 6)
		return addr_from_bytes(AF_INET6, bytes);
	return (struct addr){ .family = 0 };
}

/* A name goes into the log, and into the comments of elements. */
static void
take_text(char text[static NOTICE_TEXT], const uint8_t *bytes)
{
	char raw[NOTICE_TEXT];

	memcpy(raw, bytes, sizeof(raw) - 1);
	raw[sizeof(raw) - 1] = '\0';
	text_utf8(raw, true, text, NOTICE_TEXT);
}

int
notice_unpack(struct notice *n, const uint8_t bytes[static NOTICE_LEN])
{
	uint8_t again[NOTICE_LEN];

	if (bytes[0] != VERSION || bytes[1] < NOTICE_HELLO || bytes[1] >= NOTICE_KINDS)
		return -1;
	*n = (struct notice){ .kind = (enum notice_kind)bytes[1],
			      .proto = bytes[4],
			      .port = (uint16_t)take(bytes + 6, 2),
			      .origin = take(bytes + 8, 8),
			      .run = take(bytes + 16, 8),
			      .seq = take(bytes + 24, 8),
			      .hlc = take(bytes + 32, 8),
			      .author = take(bytes + 40, 8),
			      .ip = take_addr(bytes[3], bytes + 56),
			      .left_ms = take(bytes + 72, 8),
			      .end_ms = (int64_t)take(bytes + 80, 8),
			      .counter = take(bytes + 96, 8),
			      .filled = take(bytes + 152, 8) };
	if (has_reset(n))
		n->reset = take(bytes + 48, 8);
	else
		memcpy(n->door, bytes + 48, NOTICE_ID_LEN);
	memcpy(n->key, bytes + 88, NOTICE_ID_LEN);
	if (n->kind == NOTICE_ONCE_USED)
		memcpy(n->once, bytes + 104, NOTICE_ONCE);
	else
		take_text(n->text, bytes + 104);
	/* bytes that must be zero, and two spellings of one notice; a name is made harmless instead */
	notice_pack(n, again);
	return makes_sense(n) && !memcmp(again, bytes, 104) && !memcmp(again + 152, bytes + 152, 8) ? 0 : -1;
}

bool
notice_is_newer(const struct notice *a, const struct notice *b)
{
	return a->hlc != b->hlc ? a->hlc > b->hlc : a->author > b->author;
}

static uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t
notice_left(const struct notice *n, uint64_t stored_ms, int64_t now_ms)
{
	uint64_t left = n->left_ms;
	int64_t rest = n->end_ms + NOTICE_SKEW_MS - now_ms;

	if (!left)
		return UINT64_MAX;
	if (rest <= 0)
		return 0;
	left = least(left, (uint64_t)rest);
	return stored_ms ? least(left, stored_ms) : left;
}
