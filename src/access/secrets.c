/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "secrets.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/text.h"

#define SECRETS_BYTES (SECRETS_MAX * 256)

/* Memory that a child finds zeroed, and that no core dump holds. NULL with errno. */
static void *
take_private(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	if (!madvise(memory, size, MADV_WIPEONFORK) && !madvise(memory, size, MADV_DONTDUMP))
		return memory;
	munmap(memory, size);
	return NULL;
}

static void
give_back(void *memory, size_t size)
{
	if (!memory)
		return;
	explicit_bzero(memory, size);
	munmap(memory, size);
}

void
secrets_free(struct secrets *secrets)
{
	give_back(secrets, sizeof(*secrets));
}

static bool
has(const struct secrets *secrets, const struct totp_secret *secret)
{
	for (size_t i = 0; i < secrets->n; i++)
		if (secrets->at[i].secret.len == secret->len &&
		    !memcmp(secrets->at[i].secret.bytes, secret->bytes, secret->len))
			return true;
	return false;
}

/* NULL, or what is wrong. */
static const char *
take_line(struct secrets *secrets, char *text)
{
	struct totp_user *line = &secrets->at[secrets->n];
	const char *wrong;

	text = text_trim(text);
	if (!*text || *text == '#')
		return NULL;
	if (secrets->n == SECRETS_MAX)
		return "too many secrets: no more than 1000";
	wrong = totp_parse_user(line, text);
	if (!wrong && has(secrets, &line->secret))
		wrong = "a line above has the same secret";
	if (!wrong)
		secrets->n++;
	return wrong;
}

static const char *
refuse(int fd, uid_t owner)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "is not a regular file";
	if (st.st_uid && st.st_uid != owner)
		return "belongs to another user, who could change it";
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		return "is accessible to other users, but the secrets are secret: chmod 600";
	return st.st_size < SECRETS_BYTES ? NULL : "is too long";
}

/* NULL, or the reason. `text` is zeroed, and has room for the NUL. */
static const char *
read_all(int fd, char *text)
{
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, text + len, SECRETS_BYTES - 1 - len)) > 0)
		len += (size_t)n;
	if (n < 0)
		return strerror(errno);
	return memchr(text, '\0', len) ? "contains a NUL byte" : NULL;
}

static void
take_lines(struct secrets *secrets, char *text, secrets_report *report, void *arg)
{
	char *line;

	for (int number = 1; (line = strsep(&text, "\n")); number++) {
		const char *wrong = take_line(secrets, line);

		if (wrong)
			report(arg, number, wrong);
	}
}

struct secrets *
secrets_read(int fd, uid_t owner, secrets_report *report, void *arg)
{
	const char *why = refuse(fd, owner);
	char *text = why ? NULL : take_private(SECRETS_BYTES);
	struct secrets *secrets = text ? take_private(sizeof(*secrets)) : NULL;

	if (!why && !secrets)
		why = strerror(errno);
	if (!why)
		why = read_all(fd, text);
	if (fd >= 0)
		close(fd);
	if (why) {
		report(arg, 0, why);
		secrets_free(secrets);
		secrets = NULL;
	} else {
		take_lines(secrets, text, report, arg);
	}
	give_back(text, SECRETS_BYTES);
	return secrets;
}
