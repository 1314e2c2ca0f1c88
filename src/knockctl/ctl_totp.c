/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl_totp.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl_code.h"
#include "lib/appendline.h"
#include "lib/secretfile.h"
#include "lib/text.h"
#include "lib/totp.h"

#define TOTP_LINE_MAX 512

static int
fail(const char *what, const char *why)
{
	fprintf(stderr, "knockctl: %s%s%s\n", what, *what ? ": " : "", why);
	return -1;
}

/* Opens the file for appending a secret. NULL after a message: others could read the secret, for one. */
static FILE *
open_file(const char *path)
{
	struct stat st;
	const char *why = NULL;
	FILE *file;
	int fd;

	secretfile_directory(path);
	fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	if (fd < 0 || fstat(fd, &st))
		why = strerror(errno);
	else if (!S_ISREG(st.st_mode))
		why = "is not a regular file";
	else if (st.st_uid != geteuid() || st.st_mode & (S_IRWXG | S_IRWXO))
		why = "must belong to you and be accessible to nobody else: chmod 600";
	file = fd < 0 || why ? NULL : fdopen(fd, "r+");
	if (file)
		return file;
	fail(path, why ? why : strerror(errno));
	if (fd >= 0)
		close(fd);
	return NULL;
}

/* Is there a line of this user? */
static bool
has_user(FILE *file, const char *user)
{
	char line[TOTP_LINE_MAX], *name;
	struct totp_user other;
	bool found = false;

	setvbuf(file, NULL, _IONBF, 0); /* no copy of a secret stays in a buffer */
	while (fgets(line, sizeof(line), file)) {
		name = text_trim(line);
		if (*name && *name != '#' && !totp_parse_user(&other, name))
			found |= !strcmp(other.name, user);
	}
	explicit_bzero(line, sizeof(line));
	explicit_bzero(&other, sizeof(other));
	return found;
}

static int
append(FILE *file, const char *user, const char *secret)
{
	char line[TOTP_LINE_MAX];
	int failed;

	if (has_user(file, user))
		return fail(user, "has a secret already: remove that line first");
	snprintf(line, sizeof(line), "%s %s", user, secret);
	failed = appendline_write(fileno(file), line);
	explicit_bzero(line, sizeof(line));
	return failed ? fail("the secret", strerror(errno)) : 0;
}

/* As RFC 3986 has it: what is not unreserved is %XX. */
static void
put_escaped(char *to, size_t len, const char *text)
{
	size_t n = strlen(to);

	for (; *text && n + 4 < len; text++) {
		unsigned char c = (unsigned char)*text;

		if (strchr("-._~", c) || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
			n += (size_t)snprintf(to + n, len - n, "%c", c);
		else
			n += (size_t)snprintf(to + n, len - n, "%%%02X", c);
	}
}

static void
print(FILE *out, const char *user, const char *host, const char *secret)
{
	char uri[2048] = "otpauth://totp/";
	size_t n;

	put_escaped(uri, sizeof(uri), host);
	n = strlen(uri);
	snprintf(uri + n, sizeof(uri) - n, ":");
	put_escaped(uri, sizeof(uri), user);
	n = strlen(uri);
	snprintf(uri + n, sizeof(uri) - n, "?secret=%s&issuer=", secret);
	put_escaped(uri, sizeof(uri), host);
	fprintf(out, "%s\n", uri);
	ctl_code_print(uri, out);
	explicit_bzero(uri, sizeof(uri));
}

int
ctl_totp(const char *user, const char *host, const json_t *answer, FILE *out)
{
	const char *path = json_string_value(json_object_get(answer, "totp_secrets")), *why;
	struct totp_secret secret = { .len = TOTP_SECRET_NEW };
	struct totp_user again;
	char text[TOTP_TEXT_LEN], line[TOTP_LINE_MAX];
	FILE *file;
	int failed;

	if (!path)
		return fail("", "the daemon's answer makes no sense");
	if (getrandom(secret.bytes, secret.len, 0) != (ssize_t)secret.len)
		return fail("", strerror(errno));
	totp_format(&secret, text);
	snprintf(line, sizeof(line), "%s %s", user, text);
	why = totp_parse_user(&again, line);
	if (why || strcmp(again.name, user) || *user == '#')
		return fail(user, why ? why : "is no name for a user");
	file = open_file(path);
	if (!file)
		return -1;
	failed = append(file, user, text);
	fclose(file);
	if (!failed)
		print(out, user, host, text);
	explicit_bzero(text, sizeof(text));
	explicit_bzero(line, sizeof(line));
	explicit_bzero(&secret, sizeof(secret));
	explicit_bzero(&again, sizeof(again));
	return failed;
}
