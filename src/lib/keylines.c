/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/keylines.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "lib/secretfile.h"
#include "lib/text.h"

#define VARIANT sodium_base64_VARIANT_ORIGINAL

int
keylines_generate(const struct keylines *form, const char *path)
{
	uint8_t key[KEYLINES_LEN_MAX];
	char text[512], code[sodium_base64_ENCODED_LEN(KEYLINES_LEN_MAX, VARIANT)];
	int len, failed;

	if (sodium_init() < 0) {
		errno = EIO;
		return -1;
	}
	randombytes_buf(key, form->len);
	sodium_bin2base64(code, sizeof(code), key, form->len, VARIANT);
	len = snprintf(text, sizeof(text), "# The secret key of %s, made by knockd %s\n%s %s\n", form->about,
		       form->option, form->word, code);
	failed = secretfile_write(path, text, (size_t)len);
	sodium_memzero(key, sizeof(key));
	sodium_memzero(code, sizeof(code));
	sodium_memzero(text, sizeof(text));
	return failed;
}

int
keylines_parse(const struct keylines *form, char *line, uint8_t *key)
{
	char *rest = text_trim(line), *word = strsep(&rest, " \t");
	size_t len;

	if (!rest || strcmp(word, form->word))
		return -1;
	rest = text_trim(rest);
	if (sodium_base642bin(key, form->len, rest, strlen(rest), NULL, &len, NULL, VARIANT) || len != form->len)
		return -1;
	return 0;
}

static int
take_lines(const struct keylines *form, FILE *file, uint8_t *keys, char *err, size_t errlen)
{
	char line[256];
	size_t n = 0;

	for (int number = 1; fgets(line, sizeof(line), file); number++) {
		char *text = text_trim(line);

		if (!*text || *text == '#')
			continue;
		if (n == form->max)
			snprintf(err, errlen, "line %d: more than %zu keys", number, form->max);
		else if (keylines_parse(form, text, keys + n * form->len))
			snprintf(err, errlen, "line %d: not a key as knockd %s makes it", number, form->option);
		else if (++n)
			continue;
		sodium_memzero(line, sizeof(line));
		return -1;
	}
	sodium_memzero(line, sizeof(line));
	if (ferror(file))
		snprintf(err, errlen, "%s", strerror(errno));
	else if (!n)
		snprintf(err, errlen, "holds no key: knockd %s makes one, in a new file", form->option);
	else
		return (int)n;
	return -1;
}

int
keylines_read(const struct keylines *form, int fd, uid_t self, uint8_t *keys, char *err, size_t errlen)
{
	const char *why;
	FILE *file = secretfile_open(fd, self, &why);
	int n;

	if (!file) {
		snprintf(err, errlen, "%s", why);
		return -1;
	}
	n = take_lines(form, file, keys, err, errlen);
	fclose(file);
	return n;
}
