/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signed/serverkey.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/text.h"

#define WORD     "knock1-key"
#define BOTH_LEN (2 * KNOCK1_KEY_LEN)
#define VARIANT  sodium_base64_VARIANT_ORIGINAL
#define TEXT_LEN sodium_base64_ENCODED_LEN(BOTH_LEN, VARIANT)

static const char heading[] = "# The secret key of knockd's signed knocks, made by knockd --keygen\n" WORD " ";

static int
write_key(int fd)
{
	uint8_t both[BOTH_LEN];
	char text[sizeof(heading) + TEXT_LEN + 1], *end;
	ssize_t len;
	int failed;

	randombytes_buf(both, sizeof(both));
	end = stpcpy(text, heading);
	sodium_bin2base64(end, TEXT_LEN, both, sizeof(both), VARIANT);
	len = stpcpy(end + strlen(end), "\n") - text;
	errno = EIO; /* of a write that is cut */
	failed = write(fd, text, (size_t)len) != len || fsync(fd);
	sodium_memzero(both, sizeof(both));
	sodium_memzero(text, sizeof(text));
	return failed ? -1 : 0;
}

int
serverkey_generate(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600), failed, error;

	if (fd < 0)
		return -1;
	failed = write_key(fd);
	error = errno;
	close(fd);
	if (failed)
		unlink(path);
	errno = error;
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

/* NULL, or the reason against the file. */
static const char *
refuse(int fd, uid_t self)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "is not a regular file";
	if (st.st_uid && st.st_uid != self)
		return "belongs to another user, who could change it";
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		return "is accessible to other users, but the key is secret: chmod 600";
	return NULL;
}

int
serverkeys_read(struct serverkeys *keys, int fd, uid_t self, char *err, size_t errlen)
{
	const char *why = refuse(fd, self);
	FILE *file = why || fd < 0 ? NULL : fdopen(fd, "r");
	int failed = -1;

	if (file) {
		setvbuf(file, NULL, _IONBF, 0); /* no copy of the secret stays in a buffer */
		failed = read_lines(keys, file, err, errlen);
		fclose(file);
		return failed;
	}
	snprintf(err, errlen, "%s", why ? why : strerror(errno));
	if (fd >= 0)
		close(fd);
	return failed;
}
