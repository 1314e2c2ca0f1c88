/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/sha1.h"

#include <string.h>

struct sha1 {
	uint32_t state[5];
	uint64_t len; /* bytes so far */
	uint8_t block[SHA1_BLOCK];
};

static uint32_t
rotate(uint32_t x, unsigned bits)
{
	return x << bits | x >> (32 - bits);
}

static void
expand(const uint8_t *block, uint32_t w[static 80])
{
	for (unsigned i = 0; i < 16; i++, block += 4)
		w[i] = (uint32_t)block[0] << 24 | (uint32_t)block[1] << 16 | (uint32_t)block[2] << 8 | block[3];
	for (unsigned i = 16; i < 80; i++)
		w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
}

/* The function and the constant of a round, RFC 3174 section 5. */
static uint32_t
mix(unsigned i, uint32_t b, uint32_t c, uint32_t d)
{
	if (i < 20)
		return ((b & c) | (~b & d)) + UINT32_C(0x5a827999);
	if (i < 40)
		return (b ^ c ^ d) + UINT32_C(0x6ed9eba1);
	if (i < 60)
		return ((b & c) | (b & d) | (c & d)) + UINT32_C(0x8f1bbcdc);
	return (b ^ c ^ d) + UINT32_C(0xca62c1d6);
}

static void
take_block(struct sha1 *h)
{
	uint32_t w[80], v[5], next;

	expand(h->block, w);
	memcpy(v, h->state, sizeof(v));
	for (unsigned i = 0; i < 80; i++) {
		next = rotate(v[0], 5) + mix(i, v[1], v[2], v[3]) + v[4] + w[i];
		v[4] = v[3];
		v[3] = v[2];
		v[2] = rotate(v[1], 30);
		v[1] = v[0];
		v[0] = next;
	}
	for (unsigned i = 0; i < 5; i++)
		h->state[i] += v[i];
}

static void
begin(struct sha1 *h)
{
	*h = (struct sha1){ .state = { UINT32_C(0x67452301), UINT32_C(0xefcdab89), UINT32_C(0x98badcfe),
				       UINT32_C(0x10325476), UINT32_C(0xc3d2e1f0) } };
}

static void
take(struct sha1 *h, const uint8_t *data, size_t len)
{
	while (len--) {
		h->block[h->len++ % SHA1_BLOCK] = *data++;
		if (h->len % SHA1_BLOCK == 0)
			take_block(h);
	}
}

static void
finish(struct sha1 *h, uint8_t digest[static SHA1_LEN])
{
	static const uint8_t end[SHA1_BLOCK] = { 0x80 };
	uint64_t bits = h->len * 8;
	uint8_t length[8];

	take(h, end, 1 + (SHA1_BLOCK + 55 - h->len % SHA1_BLOCK) % SHA1_BLOCK);
	for (unsigned i = 0; i < 8; i++)
		length[i] = (uint8_t)(bits >> (56 - 8 * i));
	take(h, length, sizeof(length));
	for (unsigned i = 0; i < SHA1_LEN; i++)
		digest[i] = (uint8_t)(h->state[i / 4] >> (24 - 8 * (i % 4)));
}

void
sha1_hmac(const uint8_t *key, size_t key_len, const void *data, size_t len, uint8_t mac[static SHA1_LEN])
{
	uint8_t inner[SHA1_BLOCK] = { 0 }, outer[SHA1_BLOCK];
	struct sha1 h;

	memcpy(inner, key, key_len);
	for (unsigned i = 0; i < SHA1_BLOCK; i++) {
		outer[i] = inner[i] ^ 0x5c;
		inner[i] ^= 0x36;
	}
	begin(&h);
	take(&h, inner, sizeof(inner));
	take(&h, data, len);
	finish(&h, mac);
	begin(&h);
	take(&h, outer, sizeof(outer));
	take(&h, mac, SHA1_LEN);
	finish(&h, mac);
}
