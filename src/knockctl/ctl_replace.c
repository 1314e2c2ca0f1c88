/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl_replace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conffile.h"
#include "lib/replace.h"
#include "lib/writeall.h"

#define BACKUPS 100 /* more of them are no accident */

static int
complain(FILE *err, const char *path)
{
	fprintf(err, "knockctl: %s: %s\n", path, strerror(errno));
	return -1;
}

/* Before the text, which holds secrets. */
static int
take_after(int fd, const char *path)
{
	struct stat st;

	return stat(path, &st) || fchown(fd, st.st_uid, st.st_gid) || fchmod(fd, st.st_mode & 07777);
}

/* conf_report: warnings were reported when the file was read. */
static void
report(void *arg, enum conf_severity severity, const char *text)
{
	if (severity == CONF_ERROR)
		fprintf(arg, "%s\n", text);
}

static int
check(const char *path, FILE *err)
{
	struct conf *conf = conffile_read(path, NULL, report, err);

	conf_free(conf);
	return conf ? 0 : -1;
}

/* A second name for the old file, which the new one then replaces under the first. NULL: errno. */
static char *
back_up(const char *path)
{
	char *name;

	for (int i = 0; i < BACKUPS; i++) {
		if ((i ? asprintf(&name, "%s.bak%d", path, i) : asprintf(&name, "%s.bak", path)) < 0)
			return NULL;
		if (!link(path, name))
			return name;
		free(name);
		if (errno != EEXIST)
			return NULL;
	}
	return NULL;
}

static int
write_new(const char *path, const char *text, size_t len, FILE *err)
{
	int fd = replace_begin(path), failed;

	if (fd < 0)
		return complain(err, path);
	failed = take_after(fd, path) || writeall(fd, text, len) || fsync(fd) ? complain(err, path) : 0;
	close(fd);
	return failed;
}

/* Links are followed: the file behind them is replaced, and its neighbour gets the backup. */
char *
ctl_replace(const char *path, const char *text, size_t len, FILE *err)
{
	char *real = realpath(path, NULL), *anew = NULL, *backup = NULL;

	if (!real || asprintf(&anew, "%s" REPLACE_SUFFIX, real) < 0) {
		complain(err, path);
		free(real);
		return NULL;
	}
	if (!write_new(real, text, len, err) && !check(anew, err)) {
		backup = back_up(real);
		if (!backup)
			complain(err, real);
	}
	if (backup && replace_end(real)) {
		complain(err, real);
		unlink(backup);
		free(backup);
		backup = NULL;
	}
	if (!backup)
		unlink(anew);
	free(anew);
	free(real);
	return backup;
}
