/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "files.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conffile.h"

char *
files_path(const struct daemon *d, const char *path)
{
	char *whole;

	if (*path == '/' || !d->home)
		return strdup(path);
	return asprintf(&whole, "%s/%s", d->home, path) < 0 ? NULL : whole;
}

/* The same precedence as in knockd 0.8. */
char *
files_log_path(const struct daemon *d)
{
	const char *wanted = d->conf->log_file ? d->conf->log_file : d->options->log_file;

	return wanted ? files_path(d, wanted) : NULL;
}

struct conf *
files_read_conf(struct daemon *d, conf_report *report, void *arg)
{
	char text[PATH_MAX + 64];

	if (d->keeper && !keeper_lives(d->keeper)) {
		snprintf(text, sizeof(text), "%s: cannot be opened without knockd-keeper: restart knockd", d->config);
		report(arg, CONF_ERROR, text);
		return NULL;
	}
	if (d->keeper)
		return conffile_read_from(keeper_open_config(d->keeper), d->config, d->home, report, arg);
	return conffile_read(d->config, d->home, report, arg);
}

static bool
is_regular(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode);
}

/* Only a regular file replaces an open log: a device is not rotated, and the keeper's /dev/stdout is another. */
int
files_open_log(struct daemon *d, const char *path)
{
	int fd;

	if (!d->keeper || !keeper_knows_log(d->keeper, path))
		return log_open_file(&d->log, path);
	fd = keeper_open_log(d->keeper);
	if (fd < 0)
		return -1;
	if (d->log.file >= 0 && !is_regular(fd))
		close(fd);
	else
		log_use_file(&d->log, fd);
	return 0;
}
