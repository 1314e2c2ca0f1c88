/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "share/seal.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/secretfile.h"
#include "lib/text.h"

#define WORD     "share1-key"
#define VARIANT  sodium_base64_VARIANT_ORIGINAL
#define TEXT_LEN sodium_base64_ENCODED_LEN(SEAL_KEY_LEN, VARIANT)
#define NONCE    crypto_aead_xchacha20poly1305_ietf_NPUBBYTES

_Static_assert(NONCE + NOTICE_LEN + crypto_aead_xchacha20poly1305_ietf_ABYTES == SHARE_SEALED, "a sealed notice fits");
_Static_assert(SEAL_KEY_LEN == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "the key has its length");

static const char heading[] = "# The secret key of a group of gateways, made by knockd --share-keygen\n" WORD " ";

/* ---- the file ------------------------------------------------------------------------------------ */

int
seal_generate(const char *path)
{
	uint8_t secret[SEAL_KEY_LEN];
	char text[sizeof(heading) + TEXT_LEN + 1], *end;
	int failed;

	if (sodium_init() < 0) {
		errno = EIO;
		return -1;
	}
	randombytes_buf(secret, sizeof(secret));
	end = stpcpy(text, heading);
	sodium_bin2base64(end, TEXT_LEN, secret, sizeof(secret), VARIANT);
	end = stpcpy(end + strlen(end), "\n");
	failed = secretfile_write(path, text, (size_t)(end - text));
	sodium_memzero(secret, sizeof(secret));
	sodium_memzero(text, sizeof(text));
	return failed;
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

static int
take_line(struct seal_key *key, char *line)
{
	char *rest = line, *word = strsep(&rest, " \t");
	uint8_t secret[SEAL_KEY_LEN];
	size_t len;
	int failed;

	if (!rest || strcmp(word, WORD))
		return -1;
	rest = text_trim(rest);
	failed = sodium_base642bin(secret, sizeof(secret), rest, strlen(rest), NULL, &len, NULL, VARIANT) ||
		 len != sizeof(secret);
	if (!failed)
		seal_derive(key, secret);
	sodium_memzero(secret, sizeof(secret));
	return failed ? -1 : 0;
}

static int
take_lines(struct seal_keys *keys, FILE *file, char *err, size_t errlen)
{
	char line[256];

	for (int number = 1; fgets(line, sizeof(line), file); number++) {
		char *text = text_trim(line);

		if (!*text || *text == '#')
			continue;
		if (keys->n == SEAL_KEYS_MAX)
			snprintf(err, errlen, "line %d: more than %d keys", number, SEAL_KEYS_MAX);
		else if (take_line(&keys->at[keys->n], text))
			snprintf(err, errlen, "line %d: not a key as knockd --share-keygen makes it", number);
		else if (++keys->n)
			continue;
		sodium_memzero(line, sizeof(line));
		return -1;
	}
	sodium_memzero(line, sizeof(line));
	if (ferror(file))
		snprintf(err, errlen, "%s", strerror(errno));
	else if (!keys->n)
		snprintf(err, errlen, "holds no key: knockd --share-keygen makes one, in a new file");
	else
		return 0;
	return -1;
}

int
seal_read(struct seal_keys *keys, int fd, uid_t self, char *err, size_t errlen)
{
	const char *why;
	FILE *file = secretfile_open(fd, self, &why);
	int failed;

	*keys = (struct seal_keys){ .n = 0 };
	if (!file || sodium_init() < 0) {
		snprintf(err, errlen, "%s", file ? "libsodium does not start" : why);
		if (file)
			fclose(file);
		return -1;
	}
	failed = take_lines(keys, file, err, errlen);
	fclose(file);
	return failed;
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
seal_user_id(const struct seal_key *key, const uint8_t user_key[static NOTICE_ID_LEN], uint8_t id[static SHARE_ID])
{
	hash(key, 'u', user_key, NOTICE_ID_LEN, id);
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
