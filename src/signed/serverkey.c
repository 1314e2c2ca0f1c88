/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signed/serverkey.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "lib/secretfile.h"
#include "lib/text.h"

#define WORD     "knock1-key"
#define BOTH_LEN (2 * KNOCK1_KEY_LEN)
#define VARIANT  sodium_base64_VARIANT_ORIGINAL
#define TEXT_LEN sodium_base64_ENCODED_LEN(BOTH_LEN, VARIANT)

static const char heading[] = "# The secret key of knockd's signed knocks, made by knockd --keygen\n" WORD " ";

int
serverkey_generate(const char *path)
{
	uint8_t both[BOTH_LEN];
	char text[sizeof(heading) + TEXT_LEN + 1], *end;
	int failed;

	randombytes_buf(both, sizeof(both));
	end = stpcpy(text, heading);
	sodium_bin2base64(end, TEXT_LEN, both, sizeof(both), VARIANT);
	end = stpcpy(end + strlen(end), "\n");
	failed = secretfile_write(path, text, (size_t)(end - text));
	sodium_memzero(both, sizeof(both));
	sodium_memzero(text, sizeof(text));
	return failed;
}

static int
decode(struct serverkey *key, const char *text)
{
	uint8_t both[BOTH_LEN];
	size_t len;

	if (sodium_base642bin(both, sizeof(both), text, strlen(text), NULL, &len, NULL, VARIANT) || len != sizeof(both))
		return -1;
	memcpy(key->secret_key, both, KNOCK1_KEY_LEN);
	memcpy(key->site.site_key, both + KNOCK1_KEY_LEN, KNOCK1_KEY_LEN);
	sodium_memzero(both, sizeof(both));
	if (crypto_scalarmult_base(key->site.public_key, key->secret_key))
		return -1;
	knock1_derive(&key->site);
	return 0;
}

int
serverkey_parse(struct serverkey *key, char *line)
{
	char *rest = text_trim(line), *word = strsep(&rest, " \t");

	return rest && !strcmp(word, WORD) ? decode(key, text_trim(rest)) : -1;
}

static int
read_lines(struct serverkeys *keys, FILE *file, char *err, size_t errlen)
{
	char line[256];

	*keys = (struct serverkeys){ .n = 0 };
	for (int number = 1; fgets(line, sizeof(line), file); number++) {
		char *text = text_trim(line);

		if (!*text || *text == '#')
			continue;
		if (keys->n == SERVERKEYS_MAX)
			snprintf(err, errlen, "line %d: more than %d keys", number, SERVERKEYS_MAX);
		else if (serverkey_parse(&keys->at[keys->n], text))
			snprintf(err, errlen, "line %d: not a key as knockd --keygen makes it", number);
		else if (++keys->n)
			continue;
		sodium_memzero(line, sizeof(line));
		return -1;
	}
	sodium_memzero(line, sizeof(line));
	if (ferror(file))
		snprintf(err, errlen, "%s", strerror(errno));
	else if (!keys->n)
		snprintf(err, errlen, "holds no key: knockd --keygen makes one, in a new file");
	else
		return 0;
	return -1;
}

int
serverkeys_read(struct serverkeys *keys, int fd, uid_t self, char *err, size_t errlen)
{
	const char *why;
	FILE *file = secretfile_open(fd, self, &why);
	int failed;

	if (!file) {
		snprintf(err, errlen, "%s", why);
		return -1;
	}
	failed = read_lines(keys, file, err, errlen);
	fclose(file);
	return failed;
}
