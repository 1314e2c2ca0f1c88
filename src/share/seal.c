/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "share/seal.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/keylines.h"

#define NONCE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES

_Static_assert(NONCE + NOTICE_LEN + crypto_aead_xchacha20poly1305_ietf_ABYTES == SHARE_SEALED, "a sealed notice fits");
_Static_assert(SEAL_KEY_LEN <= KEYLINES_LEN_MAX, "a key fits into a line");
_Static_assert(SEAL_KEY_LEN == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "the key has its length");

static const struct keylines form = { .word = "share1-key",
				      .option = "--share-keygen",
				      .about = "a group of gateways",
				      .len = SEAL_KEY_LEN,
				      .max = SEAL_KEYS_MAX };

/* ---- the file ------------------------------------------------------------------------------------ */

int
seal_generate(const char *path)
{
	return keylines_generate(&form, path);
}

static void
derive(uint8_t to[static SEAL_KEY_LEN], const uint8_t secret[static SEAL_KEY_LEN], const char *what)
{
	crypto_generichash(to, SEAL_KEY_LEN, (const unsigned char *)what, strlen(what), secret, SEAL_KEY_LEN);
}

void
seal_derive(struct seal_key *key, const uint8_t secret[static SEAL_KEY_LEN])
{
	derive(key->seal, secret, "share1 seal");
	derive(key->id, secret, "share1 id");
}

int
seal_read(struct seal_keys *keys, int fd, uid_t self, char *err, size_t errlen)
{
	uint8_t secrets[SEAL_KEYS_MAX][SEAL_KEY_LEN];
	int n = keylines_read(&form, fd, self, secrets[0], err, errlen);

	*keys = (struct seal_keys){ .n = 0 };
	if (n > 0 && sodium_init() < 0) {
		snprintf(err, errlen, "libsodium does not start");
		n = -1;
	}
	for (int i = 0; i < n; i++)
		seal_derive(&keys->at[keys->n++], secrets[i]);
	sodium_memzero(secrets, sizeof(secrets));
	return n > 0 ? 0 : -1;
}

/* ---- ids ----------------------------------------------------------------------------------------- */

static void
hash(const struct seal_key *key, char about, const void *data, size_t len, uint8_t id[static SHARE_ID])
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, key->id, sizeof(key->id), SHARE_ID);
	crypto_generichash_update(&state, (const unsigned char *)&about, 1);
	crypto_generichash_update(&state, data, len);
	crypto_generichash_final(&state, id, SHARE_ID);
}

/* An access, the counter of a key, ...: an id of one is none of another. */
static char
subject_of(enum notice_kind kind)
{
	switch (kind) {
	case NOTICE_GRANT:
	case NOTICE_REVOKE:
		return 'a';
	case NOTICE_COUNTER:
		return 'c';
	case NOTICE_ONCE_USED:
		return 'o';
	case NOTICE_BAN:
		return 'b';
	case NOTICE_RESET:
		return 'r';
	case NOTICE_HELLO:
	case NOTICE_KINDS:
		break;
	}
	return 'h';
}

/* The fields of a notice that say what it is about. */
struct subject {
	uint8_t door[NOTICE_ID_LEN];
	uint8_t ip[16];
	uint8_t key[NOTICE_ID_LEN];
	uint8_t once[NOTICE_ONCE];
	uint8_t origin[8];
	uint8_t family, proto, port[2];
};

_Static_assert(sizeof(struct subject) == 60, "no padding");

static struct subject
of_access(const struct notice *n)
{
	struct subject s = { .family = n->ip.family == AF_INET6 ? 6 : 4,
			     .proto = n->proto,
			     .port = { (uint8_t)(n->port >> 8), (uint8_t)n->port } };

	memcpy(s.door, n->door, sizeof(s.door));
	memcpy(s.ip, n->ip.bytes, sizeof(s.ip));
	return s;
}

static struct subject
subject(const struct notice *n)
{
	struct subject s = { .family = 0 };

	switch (n->kind) {
	case NOTICE_GRANT:
	case NOTICE_REVOKE:
		return of_access(n);
	case NOTICE_COUNTER:
	case NOTICE_RESET:
		memcpy(s.key, n->key, sizeof(s.key));
		break;
	case NOTICE_ONCE_USED:
		memcpy(s.once, n->once, sizeof(s.once));
		break;
	case NOTICE_BAN:
		s.family = n->ip.family == AF_INET6 ? 6 : 4;
		memcpy(s.ip, n->ip.bytes, sizeof(s.ip));
		break;
	case NOTICE_HELLO:
	case NOTICE_KINDS:
		for (size_t i = 0; i < sizeof(s.origin); i++)
			s.origin[i] = (uint8_t)(n->origin >> (8 * i));
		break;
	}
	return s;
}

void
seal_id(const struct seal_key *key, const struct notice *n, uint8_t id[static SHARE_ID])
{
	struct subject s = subject(n);

	hash(key, subject_of(n->kind), &s, sizeof(s), id);
}

void
seal_user_id(const struct seal_key *key, const uint8_t user_key[static NOTICE_ID_LEN], uint64_t reset,
	     uint8_t id[static SHARE_ID])
{
	uint8_t about[NOTICE_ID_LEN + 8];

	memcpy(about, user_key, NOTICE_ID_LEN);
	for (size_t i = 0; i < 8; i++)
		about[NOTICE_ID_LEN + i] = (uint8_t)(reset >> (8 * i));
	hash(key, 'u', about, reset ? sizeof(about) : NOTICE_ID_LEN, id);
}

void
seal_once_id(const struct seal_key *key, const char *door, const char *sequence, uint8_t id[static SHARE_ID])
{
	char text[1024];
	int len = snprintf(text, sizeof(text), "%s\n%s", door, sequence);

	hash(key, 's', text, len < (int)sizeof(text) ? (size_t)len : sizeof(text) - 1, id);
}

/* ---- sealing ------------------------------------------------------------------------------------- */

void
seal_notice(const struct seal_keys *keys, const struct notice *notice, struct share_message *m)
{
	const struct seal_key *key = &keys->at[0];
	uint8_t plain[NOTICE_LEN];

	seal_id(key, notice, m->id);
	notice_pack(notice, plain);
	randombytes_buf(m->sealed, NONCE);
	crypto_aead_xchacha20poly1305_ietf_encrypt(m->sealed + NONCE, NULL, plain, sizeof(plain), m->id, sizeof(m->id),
						   NULL, m->sealed, key->seal);
}

/* The id says what the content says: a gateway could otherwise put a record in the place of another. */
static int
open_with(const struct seal_key *key, const struct share_message *m, struct notice *notice)
{
	uint8_t plain[NOTICE_LEN], id[SHARE_ID];

	if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, m->sealed + NONCE, SHARE_SEALED - NONCE,
						       m->id, sizeof(m->id), m->sealed, key->seal) ||
	    notice_unpack(notice, plain))
		return -1;
	seal_id(key, notice, id);
	return memcmp(id, m->id, sizeof(id)) ? -1 : 0;
}

int
seal_open(const struct seal_keys *keys, const struct share_message *m, struct notice *notice,
	  const struct seal_key **key)
{
	for (size_t i = 0; i < keys->n; i++) {
		if (open_with(&keys->at[i], m, notice))
			continue;
		*key = &keys->at[i];
		return 0;
	}
	return -1;
}
