/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/siphash.h"

#include <endian.h>
#include <string.h>

struct sip {
	uint64_t a, b, c, d;
};

static inline uint64_t
rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

/* `len` <= 8 */
static inline uint64_t
little_endian(const uint8_t *p, size_t len)
{
	uint64_t word = 0;

	memcpy(&word, p, len);
	return le64toh(word);
}

static inline void
mix(struct sip *s)
{
	s->a += s->b;
	s->c += s->d;
	s->b = rotate(s->b, 13) ^ s->a;
	s->d = rotate(s->d, 16) ^ s->c;
	s->a = rotate(s->a, 32);
	s->c += s->b;
	s->a += s->d;
	s->b = rotate(s->b, 17) ^ s->c;
	s->d = rotate(s->d, 21) ^ s->a;
	s->c = rotate(s->c, 32);
}

static inline void
compress(struct sip *s, uint64_t word)
{
	s->d ^= word;
	mix(s);
	s->a ^= word;
}

uint64_t
siphash(const uint8_t key[static 16], const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t k0 = little_endian(key, 8), k1 = little_endian(key + 8, 8);
	struct sip s = { k0 ^ UINT64_C(0x736f6d6570736575), k1 ^ UINT64_C(0x646f72616e646f6d),
			 k0 ^ UINT64_C(0x6c7967656e657261), k1 ^ UINT64_C(0x7465646279746573) };
	uint64_t last = (uint64_t)len << 56;

	for (; len >= 8; p += 8, len -= 8)
		compress(&s, little_endian(p, 8));
	compress(&s, last | little_endian(p, len));
	s.c ^= 0xff;
	for (int i = 0; i < 3; i++)
		mix(&s);
	return s.a ^ s.b ^ s.c ^ s.d;
}
