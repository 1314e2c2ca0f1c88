/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "secrets.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/secretfile.h"
#include "lib/text.h"

#define LINE_LEN 512

/* Memory that a child finds zeroed, and that no core dump holds. NULL with errno. */
static struct secrets *
take_private(void)
{
	const size_t size = sizeof(struct secrets);
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	if (!madvise(memory, size, MADV_WIPEONFORK) && !madvise(memory, size, MADV_DONTDUMP))
		return memory;
	munmap(memory, size);
	return NULL;
}

void
secrets_free(struct secrets *secrets)
{
	if (!secrets)
		return;
	explicit_bzero(secrets, sizeof(*secrets));
	munmap(secrets, sizeof(*secrets));
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
	struct totp_user *user = &secrets->at[secrets->n];
	const char *wrong;

	text = text_trim(text);
	if (!*text || *text == '#')
		return NULL;
	if (secrets->n == SECRETS_MAX)
		return "too many secrets: no more than 1000";
	wrong = totp_parse_user(user, text);
	if (!wrong && has(secrets, &user->secret))
		wrong = "a line above has the same secret";
	if (!wrong)
		secrets->n++;
	return wrong;
}

static void
take_lines(struct secrets *secrets, FILE *file, secrets_report *report, void *arg)
{
	char line[LINE_LEN];

	for (int number = 1; fgets(line, sizeof(line), file); number++) {
		bool cut = strlen(line) == sizeof(line) - 1 && line[sizeof(line) - 2] != '\n';
		const char *wrong = cut ? "it is too long" : take_line(secrets, line);

		for (int c = 0; cut && c != '\n' && c != EOF;)
			c = getc(file);
		if (wrong)
			report(arg, number, wrong);
	}
	explicit_bzero(line, sizeof(line));
}

struct secrets *
secrets_read(int fd, uid_t owner, secrets_report *report, void *arg)
{
	const char *why;
	FILE *file = secretfile_open(fd, owner, &why);
	struct secrets *secrets = file ? take_private() : NULL;

	if (!secrets) {
		report(arg, 0, file ? strerror(errno) : why);
	} else {
		take_lines(secrets, file, report, arg);
		if (ferror(file)) {
			report(arg, 0, strerror(errno));
			secrets_free(secrets);
			secrets = NULL;
		}
	}
	if (file)
		fclose(file);
	return secrets;
}
