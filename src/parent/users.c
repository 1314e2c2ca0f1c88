/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "users.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "lib/text.h"

/* A report comes for every file of the directory. */
static bool
has_changed(struct daemon *d, int fd)
{
	struct stat st;
	struct daemon_users *u = &d->users;
	bool same;

	if (fstat(fd, &st))
		return true;
	same = st.st_dev == u->dev && st.st_ino == u->ino && st.st_size == u->size &&
	       st.st_ctim.tv_sec == u->changed.tv_sec && st.st_ctim.tv_nsec == u->changed.tv_nsec;
	u->dev = st.st_dev;
	u->ino = st.st_ino;
	u->size = st.st_size;
	u->changed = st.st_ctim;
	return !same;
}

static void
read_file(struct daemon *d, bool anyway)
{
	int fd = files_open_key(d, d->conf->authorized_keys), error = errno;

	if (fd >= 0 && !has_changed(d, fd) && !anyway) {
		close(fd);
		return;
	}
	errno = error;
	if (judge_read_users(d->judge, fd, files_owner(d), d->conf))
		log_warnx(&d->log, "%s is not used: the keys that were read before stay in force",
			  d->conf->authorized_keys);
	else if (!anyway)
		log_notice(&d->log, "%s has changed and is read again", d->conf->authorized_keys);
}

static void
watch_directory(int fd, const char *path)
{
	char copy[PATH_MAX];

	if (!text_copy(copy, sizeof(copy), path))
		inotify_add_watch(fd, dirname(copy), IN_CLOSE_WRITE | IN_MOVED_TO | IN_ATTRIB);
}

/* The watch of the start stays as long as it can: a daemon that has left root may be unable to renew it. */
static void
watch(struct daemon *d)
{
	const char *path = d->conf->authorized_keys;
	char *real;

	if (d->users.fd >= 0 && d->users.path && !strcmp(path, d->users.path))
		return;
	users_close(d);
	d->users.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	d->users.path = strdup(path);
	if (d->users.fd < 0)
		return;
	watch_directory(d->users.fd, path);
	real = realpath(path, NULL);
	if (real)
		watch_directory(d->users.fd, real);
	free(real);
}

void
users_read(struct daemon *d)
{
	if (!d->conf->authorized_keys || !d->judge) {
		users_close(d);
		return;
	}
	watch(d);
	read_file(d, true);
}

void
users_read_watch(struct daemon *d)
{
	char reports[4096];

	while (read(d->users.fd, reports, sizeof(reports)) > 0)
		;
	if (d->conf->authorized_keys)
		read_file(d, false);
}

void
users_close(struct daemon *d)
{
	if (d->users.fd >= 0)
		close(d->users.fd);
	free(d->users.path);
	d->users = (struct daemon_users){ .fd = -1 };
}
