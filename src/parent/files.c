/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conffile.h"
#include "conf/tlsfiles.h"
#include "courier/courier.h"

char *
files_path(const struct daemon *d, const char *path)
{
	char *whole;

	if (*path == '/' || !d->home)
		return strdup(path);
	return asprintf(&whole, "%s/%s", d->home, path) < 0 ? NULL : whole;
}

char *
files_real_path(const char *path)
{
	char *whole = realpath(path, NULL), *parent = whole ? NULL : strdup(path), *dir;
	char *slash = parent ? strrchr(parent, '/') : NULL;

	if (slash) {
		*slash = '\0';
		dir = realpath(slash == parent ? "/" : parent, NULL);
		if (dir && asprintf(&whole, "%s%s", strcmp(dir, "/") ? dir : "", strrchr(path, '/')) < 0)
			whole = NULL;
		free(dir);
	}
	free(parent);
	return whole ? whole : strdup(path);
}

/* The same precedence as in knockd 0.8. */
char *
files_log_path(const struct daemon *d)
{
	const char *wanted = d->conf->log_file ? d->conf->log_file : d->options->log_file;

	return wanted && *wanted ? files_path(d, wanted) : NULL;
}

int
files_open_key(const struct daemon *d, const char *path)
{
	if (d->keeper)
		return keeper_open_other(d->keeper, path);
	return open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

/* A daemon that has left root must not accept a file that root would refuse. */
uid_t
files_owner(const struct daemon *d)
{
	return d->keeper ? 0 : geteuid();
}

static struct conf *
with_key(const struct daemon *d, struct conf *conf, conf_report *report, void *arg)
{
	int fd = conf && conf->knock_key ? files_open_key(d, conf->knock_key) : -1;

	if (fd < 0 && conf && conf->knock_key && d->keeper && errno == EACCES)
		report(arg, CONF_ERROR, "Knock_Key: another file needs privileges dropped at start; restart knockd");
	if (!conf || !conffile_read_key(conf, fd, files_owner(d), report, arg))
		return conf;
	conf_free(conf);
	return NULL;
}

static int
open_secret(const struct daemon *d, const char *path, const char *key, conf_report *report, void *arg)
{
	int fd = path ? files_open_key(d, path) : -1;
	char text[128];

	if (fd >= 0 || !path || !d->keeper || errno != EACCES)
		return fd;
	snprintf(text, sizeof(text), "%s: another file needs privileges dropped at start; restart knockd", key);
	report(arg, CONF_ERROR, text);
	errno = EACCES;
	return -1;
}

static struct conf *
with_share(const struct daemon *d, struct conf *conf, conf_report *report, void *arg)
{
	int key_fd, login_fd;

	if (!conf || !conf->share.engine)
		return conf;
	key_fd = open_secret(d, conf->share.key_path, "Share_Key", report, arg);
	login_fd = open_secret(d, conf->share.login_path, "Share_Login", report, arg);
	if (!conffile_read_share(conf, key_fd, login_fd, files_owner(d), report, arg))
		return conf;
	conf_free(conf);
	return NULL;
}

struct reporting {
	const struct daemon *d;
	conf_report *report;
	void *arg;
};

/* tlsfiles_opener */
static int
open_for_tls(void *arg, const char *path)
{
	const struct reporting *to = arg;

	return open_secret(to->d, path, path, to->report, to->arg);
}

static struct conf *
with_tls(const struct daemon *d, struct conf *conf, conf_report *report, void *arg)
{
	struct reporting to = { d, report, arg };
	char why[PATH_MAX + SHARE_REASON];
	struct share_conf *share;

	if (!conf || !conf->share.tls)
		return conf;
	share = &conf->share;
	share->tls_files = tlsfiles_open(share->tls_path, files_owner(d), open_for_tls, &to, why, sizeof(why));
	if (share->tls_files && !courier_check_tls(d->link.program, share->tls_files->fds, why))
		return conf;
	report(arg, CONF_ERROR, why);
	conf_free(conf);
	return NULL;
}

static struct conf *
read_conf(struct daemon *d, conf_report *report, void *arg)
{
	bool other_interface = d->options->interface;
	char text[PATH_MAX + 64];

	if (d->keeper && !keeper_lives(d->keeper)) {
		snprintf(text, sizeof(text), "%s: cannot be opened without knockd-keeper: restart knockd", d->config);
		report(arg, CONF_ERROR, text);
		return NULL;
	}
	if (d->keeper)
		return conffile_read_from(keeper_open_config(d->keeper), d->config, d->home, other_interface, report,
					  arg);
	if (other_interface)
		return conffile_read_but_interface(d->config, d->home, report, arg);
	return conffile_read(d->config, d->home, report, arg);
}

struct conf *
files_read_conf(struct daemon *d, conf_report *report, void *arg)
{
	struct conf *conf = with_key(d, read_conf(d, report, arg), report, arg);

	return with_tls(d, with_share(d, conf, report, arg), report, arg);
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
