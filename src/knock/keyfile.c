/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signed/bytes.h"

#define BEGIN   "-----BEGIN OPENSSH PRIVATE KEY-----"
#define END     "-----END OPENSSH PRIVATE KEY-----"
#define MAGIC   "openssh-key-v1" /* with its NUL */
#define LEN_MAX 16384
#define TYPE    "ssh-ed25519"

static const char not_a_key[] = "is not a key of OpenSSH's";
static const char damaged[] = "the key is damaged";

/* The unencrypted part with the secret key. */
static const char *
read_secret(struct keyfile *k, struct bytes section)
{
	uint64_t check, again;
	struct bytes comment;
	uint8_t public_key[KNOCK1_KEY_LEN];

	if (bytes_take_number(&section, 4, &check) || bytes_take_number(&section, 4, &again) || check != again ||
	    bytes_take_word(&section, TYPE) || bytes_take_exactly(&section, public_key, sizeof(public_key)) ||
	    bytes_take_exactly(&section, k->secret, sizeof(k->secret)) || bytes_take_string(&section, &comment))
		return damaged;
	if (memcmp(public_key, k->key.public_key, sizeof(public_key)) ||
	    memcmp(public_key, k->secret + 32, sizeof(public_key)))
		return damaged;
	k->has_secret = true;
	return NULL;
}

static const char *
read_private(struct keyfile *k, struct bytes rest)
{
	struct bytes cipher, kdf, options, blob, section;
	uint64_t n;

	if (rest.left < sizeof(MAGIC) || memcmp(rest.at, MAGIC, sizeof(MAGIC)))
		return not_a_key;
	rest = (struct bytes){ rest.at + sizeof(MAGIC), rest.left - sizeof(MAGIC) };
	if (bytes_take_string(&rest, &cipher) || bytes_take_string(&rest, &kdf) || bytes_take_string(&rest, &options) ||
	    bytes_take_number(&rest, 4, &n) || n != 1 || bytes_take_string(&rest, &blob) ||
	    bytes_take_string(&rest, &section))
		return damaged;
	if (sshkey_read_blob(&k->key, blob.at, blob.left))
		return "only keys of type ssh-ed25519 and sk-ssh-ed25519 can knock";
	if (k->key.fido || cipher.left != strlen("none") || memcmp(cipher.at, "none", cipher.left))
		return NULL;
	return read_secret(k, section);
}

static const char *
parse_private(struct keyfile *k, const char *text, size_t len)
{
	const char *begin = text + strlen(BEGIN), *end = memmem(text, len, END, strlen(END)), *why = damaged;
	uint8_t *bytes = malloc(len);
	size_t n;

	if (bytes && end && end > begin &&
	    !sodium_base642bin(bytes, len, begin, (size_t)(end - begin), " \r\n\t", &n, NULL,
			       sodium_base64_VARIANT_ORIGINAL))
		why = read_private(k, (struct bytes){ bytes, n });
	if (bytes)
		sodium_memzero(bytes, len);
	free(bytes);
	return why;
}

static const char *
parse_public(struct keyfile *k, const char *text, size_t len)
{
	char line[1024], *rest = line, *type, *base64;
	const char *why = not_a_key;

	snprintf(line, sizeof(line), "%.*s", (int)(len < sizeof(line) ? len : sizeof(line) - 1), text);
	line[strcspn(line, "\r\n")] = '\0';
	type = strsep(&rest, " \t");
	base64 = strsep(&rest, " \t");
	if (!base64 || !sshkey_is_type(type))
		return not_a_key;
	return sshkey_parse(&k->key, type, base64, &why) ? why : NULL;
}

const char *
keyfile_parse(struct keyfile *k, const char *text, size_t len)
{
	*k = (struct keyfile){ .has_secret = false };
	if (len >= strlen(BEGIN) && !memcmp(text, BEGIN, strlen(BEGIN)))
		return parse_private(k, text, len);
	return parse_public(k, text, len);
}

/* Of a private key; a public one is no secret. */
static const char *
refuse(int fd, bool secret)
{
	struct stat st;

	if (fstat(fd, &st))
		return strerror(errno);
	if (secret && st.st_mode & (S_IRWXG | S_IRWXO))
		return "is accessible to other users, but the key is secret: chmod 600";
	return NULL;
}

int
keyfile_read(struct keyfile *k, const char *path, char *err, size_t errlen)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	char *text = fd < 0 ? NULL : malloc(LEN_MAX);
	ssize_t len = text ? read(fd, text, LEN_MAX) : -1;
	const char *why = len < 0 ? strerror(errno) : keyfile_parse(k, text, (size_t)len);

	if (!why)
		why = refuse(fd, k->has_secret);
	if (why)
		snprintf(err, errlen, "error: %s: %s", path, why);
	if (text)
		sodium_memzero(text, LEN_MAX);
	free(text);
	if (fd >= 0)
		close(fd);
	return why ? -1 : 0;
}
