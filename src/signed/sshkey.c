/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signed/sshkey.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "signed/bytes.h"

#define TYPE_PLAIN "ssh-ed25519"
#define TYPE_FIDO  "sk-ssh-ed25519@openssh.com"

bool
sshkey_is_type(const char *word)
{
	static const char *const types[] = { TYPE_PLAIN,
					     TYPE_FIDO,
					     "ssh-rsa",
					     "ssh-dss",
					     "ecdsa-sha2-nistp256",
					     "ecdsa-sha2-nistp384",
					     "ecdsa-sha2-nistp521",
					     "sk-ecdsa-sha2-nistp256@openssh.com" };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(types[i], word))
			return true;
	return false;
}

static int
read_application(struct sshkey *key, struct bytes *rest)
{
	struct bytes application;

	if (bytes_take_string(rest, &application) || application.left >= sizeof(key->application) ||
	    memchr(application.at, '\0', application.left))
		return -1;
	memcpy(key->application, application.at, application.left);
	return 0;
}

int
sshkey_read_blob(struct sshkey *key, const uint8_t *blob, size_t len)
{
	struct bytes rest = { blob, len }, again = rest;
	struct sshkey read = { .fido = false };

	if (bytes_take_word(&rest, TYPE_PLAIN)) {
		rest = again;
		read.fido = true;
		if (bytes_take_word(&rest, TYPE_FIDO))
			return -1;
	}
	if (bytes_take_exactly(&rest, read.public_key, sizeof(read.public_key)) ||
	    (read.fido && read_application(&read, &rest)) || rest.left)
		return -1;
	*key = read;
	return 0;
}

size_t
sshkey_write_blob(const struct sshkey *key, uint8_t blob[static SSHKEY_BLOB_MAX])
{
	const char *type = key->fido ? TYPE_FIDO : TYPE_PLAIN;
	uint8_t *at = bytes_put_string(blob, type, strlen(type));

	at = bytes_put_string(at, key->public_key, sizeof(key->public_key));
	if (key->fido)
		at = bytes_put_string(at, key->application, strlen(key->application));
	return (size_t)(at - blob);
}

int
sshkey_parse(struct sshkey *key, const char *type, const char *base64, const char **why)
{
	uint8_t blob[SSHKEY_BLOB_MAX];
	size_t len;

	if (strcmp(type, TYPE_PLAIN) && strcmp(type, TYPE_FIDO))
		*why = "only keys of type " TYPE_PLAIN " and " TYPE_FIDO " can knock";
	else if (sodium_base642bin(blob, sizeof(blob), base64, strlen(base64), NULL, &len, NULL,
				   sodium_base64_VARIANT_ORIGINAL))
		*why = "the key is not base64";
	else if (sshkey_read_blob(key, blob, len) || key->fido != !strcmp(type, TYPE_FIDO))
		*why = "the key is damaged";
	else if (!crypto_core_ed25519_is_valid_point(key->public_key))
		*why = "the key is weak: no signature of it would be accepted";
	else
		return 0;
	return -1;
}

const char *
sshkey_print(const struct sshkey *key, char buf[static SSHKEY_PRINT_LEN])
{
	uint8_t blob[SSHKEY_BLOB_MAX], hash[crypto_hash_sha256_BYTES];
	char text[sodium_base64_ENCODED_LEN(sizeof(hash), sodium_base64_VARIANT_ORIGINAL_NO_PADDING)];

	crypto_hash_sha256(hash, blob, sshkey_write_blob(key, blob));
	sodium_bin2base64(text, sizeof(text), hash, sizeof(hash), sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
	snprintf(buf, SSHKEY_PRINT_LEN, "SHA256:%s", text);
	return buf;
}

bool
sshkey_equal(const struct sshkey *a, const struct sshkey *b)
{
	return a->fido == b->fido && !memcmp(a->public_key, b->public_key, sizeof(a->public_key)) &&
	       !strcmp(a->application, b->application);
}
