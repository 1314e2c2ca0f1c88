/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signed/sshsig.h"

#include <sodium.h>
#include <string.h>

#include "signed/bytes.h"

#define HASH "sha512"

static const char magic[6] = { 'S', 'S', 'H', 'S', 'I', 'G' }, prefix[6] = { 'k', 'n', 'o', 'c', 'k', '1' };

#define MESSAGE_LEN (sizeof(prefix) + KNOCK1_KEY_LEN + KNOCK1_STATEMENT_LEN)

/* The message before it is hashed. */
static void
make_message(const uint8_t server_key[static KNOCK1_KEY_LEN], const uint8_t statement[static KNOCK1_STATEMENT_LEN],
	     uint8_t message[static MESSAGE_LEN])
{
	memcpy(message, prefix, sizeof(prefix));
	memcpy(message + sizeof(prefix), server_key, KNOCK1_KEY_LEN);
	memcpy(message + sizeof(prefix) + KNOCK1_KEY_LEN, statement, KNOCK1_STATEMENT_LEN);
}

void
sshsig_signed(const uint8_t server_key[static KNOCK1_KEY_LEN], const uint8_t statement[static KNOCK1_STATEMENT_LEN],
	      uint8_t bytes[static SSHSIG_LEN])
{
	uint8_t message[MESSAGE_LEN], hash[crypto_hash_sha512_BYTES], *at = bytes;

	make_message(server_key, statement, message);
	crypto_hash_sha512(hash, message, sizeof(message));
	memcpy(at, magic, sizeof(magic));
	at = bytes_put_string(at + sizeof(magic), SSHSIG_NAMESPACE, strlen(SSHSIG_NAMESPACE));
	at = bytes_put_string(at, "", 0);
	at = bytes_put_string(at, HASH, strlen(HASH));
	bytes_put_string(at, hash, sizeof(hash));
}

/* The bytes that a security key signs. */
#define FIDO_LEN (32 + 1 + 4 + 32)

static void
wrap(const struct sshkey *key, const struct knock1_plain *plain, const uint8_t bytes[static SSHSIG_LEN],
     uint8_t wrapped[static FIDO_LEN])
{
	crypto_hash_sha256(wrapped, (const uint8_t *)key->application, strlen(key->application));
	wrapped[32] = plain->fido_flags;
	bytes_put(wrapped + 33, 4, plain->fido_counter);
	crypto_hash_sha256(wrapped + 37, bytes, SSHSIG_LEN);
}

bool
sshsig_verify(const struct sshkey *key, const uint8_t server_key[static KNOCK1_KEY_LEN],
	      const struct knock1_plain *plain)
{
	uint8_t bytes[SSHSIG_LEN], wrapped[FIDO_LEN];

	sshsig_signed(server_key, plain->statement, bytes);
	if (!key->fido)
		return !plain->fido_flags && !plain->fido_counter &&
		       !crypto_sign_verify_detached(plain->signature, bytes, sizeof(bytes), key->public_key);
	wrap(key, plain, bytes, wrapped);
	return !crypto_sign_verify_detached(plain->signature, wrapped, sizeof(wrapped), key->public_key);
}
