/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl_enrol.h"

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

#include "ctl_code.h"
#include "lib/text.h"

const char *
ctl_enrol_host(char *buf, size_t len)
{
	struct addrinfo hints = { .ai_flags = AI_CANONNAME, .ai_socktype = SOCK_STREAM }, *list;

	if (gethostname(buf, len) || !memchr(buf, '\0', len))
		text_copy(buf, len, "localhost");
	if (getaddrinfo(buf, NULL, &hints, &list))
		return buf;
	if (list->ai_canonname && strlen(list->ai_canonname) < len && strchr(list->ai_canonname, '.'))
		text_copy(buf, len, list->ai_canonname);
	freeaddrinfo(list);
	return buf;
}

#ifdef HAVE_SODIUM

#include "lib/appendline.h"
#include "signed/authorized.h"

static int
fail(const char *what, const char *why)
{
	fprintf(stderr, "knockctl: %s%s%s\n", what, *what ? ": " : "", why);
	return -1;
}

/* authorized_report: what is wrong with the file's other lines is not our concern. */
static void
ignore(void *arg, int line, const char *text)
{
	if (!line)
		*(const char **)arg = text;
}

/* The new line, checked as the daemon will check it, after those that the file has. */
static int
check(const char *path, const char *line)
{
	struct authorized users = { .n = 0 };
	char copy[2048];
	const char *wrong = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 && errno != ENOENT)
		return fail(path, strerror(errno));
	if (fd >= 0 && authorized_read(&users, fd, 0, ignore, &wrong))
		return fail(path, wrong ? wrong : "cannot be read");
	text_copy(copy, sizeof(copy), line);
	wrong = authorized_line(&users, copy, 0);
	authorized_free(&users);
	return wrong ? fail("the key", wrong) : 0;
}

static int
append(const char *path, const char *line)
{
	int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0644), failed = 0;

	if (fd < 0 || appendline_write(fd, line))
		failed = fail(path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return failed;
}

/* `user="NAME" TYPE BASE64 COMMENT` */
static int
make_line(const char *user, const char *key, char *line, size_t len)
{
	if (strpbrk(user, "\"\\"))
		return fail(user, "is no name for a user");
	return (size_t)snprintf(line, len, "user=\"%s\" %s", user, key) < len ? 0 : fail("the key", "is too long");
}

int
ctl_enrol(const char *user, const json_t *answer, FILE *out)
{
	const char *path = json_string_value(json_object_get(answer, "authorized_keys"));
	const char *invitation = json_string_value(json_object_get(answer, "invitation"));
	char key[1024] = "", line[1536];

	if (!path || !invitation)
		return fail("", "the daemon's answer makes no sense");
	if (knock1_start() || !fgets(key, sizeof(key), stdin))
		return fail("", "no public key on standard input: knockctl enrol NAME <id_ed25519.pub");
	if (make_line(user, text_trim(key), line, sizeof(line)) || check(path, line) || append(path, line))
		return -1;
	fprintf(out, "%s\n", invitation);
	ctl_code_print(invitation, out);
	return 0;
}

#else

int
ctl_enrol(const char *user, const json_t *answer, FILE *out)
{
	(void)user, (void)answer, (void)out;
	fprintf(stderr, "knockctl: this knockctl was built without libsodium, which signed knocks need\n");
	return -1;
}

#endif
