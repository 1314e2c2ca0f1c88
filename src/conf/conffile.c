/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/conffile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "lib/localports.h"
#include "lib/onetime.h"
#include "lib/secretfile.h"
#include "lib/text.h"
#include "lib/trust.h"
#include "parser.h"
#include "share/seal.h"
#include "signed/serverkey.h"

static void
complain(const char *path, conf_report *report, void *arg)
{
	char text[TEXT_LINE_MAX];

	snprintf(text, sizeof(text), "%s: %s", path, strerror(errno));
	report(arg, CONF_ERROR, text);
}

/* Passes on the messages of the parser and of the one-time files. */
struct reading {
	conf_report *report;
	void *arg;
	const char *dir;
	struct door *door; /* the owner of the one-time file being read */
};

static void
pass_on(void *arg, enum conf_severity severity, const char *text)
{
	const struct reading *r = arg;

	r->report(r->arg, severity, text);
}

/* onetime_report */
static void
skipped(void *arg, unsigned long line, const char *reason)
{
	const struct reading *r = arg;
	char text[TEXT_LINE_MAX];

	if (line)
		snprintf(text, sizeof(text), "config: section %s: warning: line %lu of %s is skipped: %s",
			 r->door->name, line, r->door->one_time_path, reason);
	else
		snprintf(text, sizeof(text), "config: section %s: warning: %s: %s", r->door->name,
			 r->door->one_time_path, reason);
	r->report(r->arg, CONF_WARNING, text);
}

/* Not an error: an admin may check the file with -t as another user than the daemon's. */
static void
warn_unmarkable(const struct reading *r)
{
	char text[TEXT_LINE_MAX];

	snprintf(text, sizeof(text), "config: section %s: warning: %s cannot be marked, so the door will not open: %s",
		 r->door->name, r->door->one_time_path, strerror(errno));
	r->report(r->arg, CONF_WARNING, text);
}

static int
make_whole(char **path, const char *dir)
{
	char *whole;

	if (**path == '/' || !dir)
		return 0;
	if (asprintf(&whole, "%s/%s", dir, *path) < 0)
		return -1;
	free(*path);
	*path = whole;
	return 0;
}

/* conf_load. The admin may edit the file between the two reads, so the second one's count holds. */
static int
load_one_time(void *arg, struct door *door)
{
	struct reading *r = arg;
	ssize_t n, stored;
	struct onetime *list;

	r->door = door;
	if (make_whole(&door->one_time_path, r->dir))
		return -1;
	n = onetime_read(door->one_time_path, NULL, 0, skipped, r);
	if (n <= 0)
		return (int)n;
	list = calloc((size_t)n, sizeof(*list));
	door->one_time = calloc((size_t)n, sizeof(*door->one_time));
	stored = list && door->one_time ? onetime_read(door->one_time_path, list, (size_t)n, NULL, NULL) : -1;
	for (ssize_t i = 0; i < stored && i < n; i++)
		door->one_time[door->n_one_time++] = list[i].seq;
	if (stored > 0 && onetime_check(door->one_time_path, &list[0].seq))
		warn_unmarkable(r);
	free(list);
	return stored < 0 ? -1 : 0;
}

int
conffile_read_one_time(struct door *door, conf_report *report, void *arg)
{
	struct reading r = { .report = report, .arg = arg };
	struct door anew = *door;

	anew.one_time = NULL;
	anew.n_one_time = 0;
	if (load_one_time(&r, &anew)) {
		free(anew.one_time);
		return -1;
	}
	free(door->one_time);
	door->one_time = anew.one_time;
	door->n_one_time = anew.n_one_time;
	door->next_one_time = 0;
	return 0;
}

static bool
is_trusted(int fd, uid_t self, const char *path, conf_report *report, void *arg)
{
	const char *why;
	enum trust trust = trust_of(fd, self, &why);
	char text[TEXT_LINE_MAX];

	if (!why)
		return true;
	snprintf(text, sizeof(text), "%s: %s%s", path, trust == TRUST_NONE ? "" : "warning: ", why);
	report(arg, trust == TRUST_NONE ? CONF_ERROR : CONF_WARNING, text);
	return trust != TRUST_NONE;
}

/* Like fgets(3), as in knockd 0.8: the rest of an over-long line counts as the next one. 0: end of file. */
static size_t
read_line(FILE *file, char line[static TEXT_LINE_MAX])
{
	size_t n = 0;
	int c = 0;

	while (n < TEXT_LINE_MAX - 1 && c != '\n' && (c = getc(file)) != EOF)
		line[n++] = (char)c;
	line[n] = '\0';
	return n;
}

static void
report_line(const struct reading *r, enum conf_severity severity, const char *path, size_t n, const char *what)
{
	char text[TEXT_LINE_MAX];

	snprintf(text, sizeof(text), "config: line %zu: %s (%s)", n, what, path);
	r->report(r->arg, severity, text);
}

static bool
is_utf16(const char *line)
{
	return !strncmp(line, "\xff\xfe", 2) || !strncmp(line, "\xfe\xff", 2);
}

/* The lines of old Macs. */
static bool
has_bare_return(const char *line)
{
	const char *cr = strchr(line, '\r');

	return cr && cr[1] && cr[1] != '\n';
}

/*
 * A crash may have replaced some lines by zeros, a section header among them. The lines below would then belong to
 * another door, so the file is refused. It may also have left a file without a byte, which would open what the lost
 * one guards.
 */
static int
take_lines(struct parser *parser, FILE *file, const char *path, const struct reading *r)
{
	char line[TEXT_LINE_MAX];
	size_t n, len;

	for (n = 1; (len = read_line(file, line)); n++) {
		if (memchr(line, '\0', len)) {
			report_line(r, CONF_ERROR, path, n,
				    n == 1 && is_utf16(line) ? "the file is UTF-16: save it as UTF-8"
							     : "contains a NUL byte");
			return -1;
		}
		if (n == 1 && has_bare_return(line)) {
			report_line(r, CONF_ERROR, path, n, "carriage returns end the lines: save it with newlines");
			return -1;
		}
		if (len == sizeof(line) - 1 && line[len - 1] != '\n')
			report_line(r, CONF_WARNING, path, n, "warning: too long: the rest counts as the next line");
		parser_line(parser, line);
	}
	if (n == 1 && !ferror(file)) {
		report_line(r, CONF_ERROR, path, n, "the file is empty");
		return -1;
	}
	if (!ferror(file))
		return 0;
	complain(path, r->report, r->arg);
	return -1;
}

static struct conf *
read_file(FILE *file, const char *path, const char *dir, bool other_interface, conf_report *report, void *arg)
{
	struct reading reading = { .report = report, .arg = arg, .dir = dir };
	struct parser *parser = parser_begin(path, pass_on, &reading);
	struct conf *conf;
	int failed;

	if (!parser) {
		complain(path, report, arg);
		return NULL;
	}
	parser_load_by(parser, load_one_time);
	if (other_interface)
		parser_other_interface(parser);
	parser_local_ports(parser, localports_read());
	failed = take_lines(parser, file, path, &reading);
	conf = parser_end(parser);
	if (!failed)
		return conf;
	conf_free(conf);
	return NULL;
}

static struct conf *
read_open(int fd, uid_t self, const char *path, const char *dir, bool other_interface, conf_report *report, void *arg)
{
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	struct conf *conf = NULL;

	if (!file) {
		complain(path, report, arg);
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	if (is_trusted(fd, self, path, report, arg))
		conf = read_file(file, path, dir, other_interface, report, arg);
	fclose(file);
	return conf;
}

#if defined HAVE_SODIUM || defined HAVE_HIREDIS
/* A file that a key of [options] names. */
static int
tell_unread(const char *key, const char *path, const char *why, conf_report *report, void *arg)
{
	char text[TEXT_LINE_MAX];

	snprintf(text, sizeof(text), "%s: %s: %s", key, path, why);
	report(arg, CONF_ERROR, text);
	return -1;
}
#endif

#ifdef HAVE_SODIUM

int
conffile_read_key(struct conf *conf, int fd, uid_t self, conf_report *report, void *arg)
{
	char err[256] = "";

	if (!conf->knock_key)
		return 0;
	conf->server = calloc(1, sizeof(*conf->server));
	if (conf->server && !knock1_start() && !serverkeys_read(conf->server, fd, self, err, sizeof(err)))
		return 0;
	return tell_unread("Knock_Key", conf->knock_key, *err ? err : strerror(errno), report, arg);
}

#else

int
conffile_read_key(struct conf *conf, int fd, uid_t self, conf_report *report, void *arg)
{
	(void)conf, (void)fd, (void)self, (void)report, (void)arg;
	return 0;
}

#endif

#ifdef HAVE_HIREDIS

/* "USER PASSWORD", or "PASSWORD". 0, or -1: neither. */
static int
take_login(struct share_login *login, char *line)
{
	char *rest = text_trim(line), *word = strsep(&rest, " \t");
	const char *password = rest ? text_trim(rest) : word;

	if (!*word || strpbrk(password, " \t"))
		return -1;
	return text_copy(login->user, sizeof(login->user), rest ? word : "") ||
	       text_copy(login->password, sizeof(login->password), password);
}

static int
read_login(struct share_login *login, int fd, uid_t self, const char **why)
{
	FILE *file = secretfile_open(fd, self, why);
	char line[2 * SHARE_LOGIN_LEN + 2] = "";
	int failed = -1;

	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file) && *text_trim(line) == '#')
		*line = '\0';
	if (ferror(file))
		*why = strerror(errno);
	else
		failed = take_login(login, line);
	explicit_bzero(line, sizeof(line));
	fclose(file);
	return failed;
}

int
conffile_read_share(struct conf *conf, int key_fd, int login_fd, uid_t self, conf_report *report, void *arg)
{
	struct share_conf *share = &conf->share;
	const char *why = NULL;
	char err[256];
	int failed = 0;

	if (share->key_path) {
		share->keys = calloc(1, sizeof(*share->keys));
		if (!share->keys)
			failed = tell_unread("Share_Key", share->key_path, strerror(errno), report, arg);
		else if (seal_read(share->keys, key_fd, self, err, sizeof(err)))
			failed = tell_unread("Share_Key", share->key_path, err, report, arg);
	}
	if (share->login_path && read_login(&share->login, login_fd, self, &why))
		failed = tell_unread("Share_Login", share->login_path,
				     why ? why : "not a line with user and password, or a password", report, arg);
	return failed;
}

#else

int
conffile_read_share(struct conf *conf, int key_fd, int login_fd, uid_t self, conf_report *report, void *arg)
{
	(void)conf, (void)key_fd, (void)login_fd, (void)self, (void)report, (void)arg;
	return 0;
}

#endif

static struct conf *
read_path(const char *path, const char *dir, bool other_interface, conf_report *report, void *arg)
{
	return read_open(open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), geteuid(), path, dir, other_interface, report,
			 arg);
}

struct conf *
conffile_read_from(int fd, const char *path, const char *dir, bool other_interface, conf_report *report, void *arg)
{
	return read_open(fd, 0, path, dir, other_interface, report, arg);
}

struct conf *
conffile_read(const char *path, const char *dir, conf_report *report, void *arg)
{
	return read_path(path, dir, false, report, arg);
}

struct conf *
conffile_read_but_interface(const char *path, const char *dir, conf_report *report, void *arg)
{
	return read_path(path, dir, true, report, arg);
}
