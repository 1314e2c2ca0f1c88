/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "users.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/sharing.h"
#include "files.h"
#include "filewatch.h"

static const char *
path_of(const struct daemon *d, int which)
{
	return which == USERS_KEYS ? d->conf->authorized_keys : d->conf->totp_secrets;
}

/* A report comes for every file of the directory. `error`: the file could not be opened; 0: it could. */
static bool
has_changed(struct daemon_users *u, int fd, int error)
{
	struct stat st = { .st_size = 0 };
	bool same;

	if (fd >= 0 && fstat(fd, &st))
		return true;
	same = error == u->error && st.st_dev == u->dev && st.st_ino == u->ino && st.st_size == u->size &&
	       st.st_ctim.tv_sec == u->changed.tv_sec && st.st_ctim.tv_nsec == u->changed.tv_nsec;
	u->error = error;
	u->dev = st.st_dev;
	u->ino = st.st_ino;
	u->size = st.st_size;
	u->changed = st.st_ctim;
	return !same;
}

/* Closes `fd`. 0, or -1 after lines in the log. */
static int
take_from(struct daemon *d, int which, int fd)
{
	if (which == USERS_KEYS)
		return judge_read_users(d->judge, fd, files_owner(d), d->conf);
	return codes_read(d->codes, fd, files_owner(d), d->conf);
}

/* The same, with a line about what counts then. */
static int
take(struct daemon *d, int which, int fd)
{
	static const char *const names[] = { [USERS_KEYS] = "key", [USERS_SECRETS] = "secret" };
	const char *path = path_of(d, which);

	if (!take_from(d, which, fd)) {
		d->users[which].taken = true;
		return 0;
	}
	if (d->users[which].taken)
		log_warnx(&d->log, "%s is not used: the %ss that were read before stay in force", path, names[which]);
	else
		log_warnx(&d->log, "%s is not used: no %s counts", path, names[which]);
	return -1;
}

static void
read_file(struct daemon *d, int which, bool anyway)
{
	const char *path = path_of(d, which);
	int fd = files_open_key(d, path), error = fd < 0 ? errno : 0;

	if (!has_changed(&d->users[which], fd, error) && !anyway) {
		if (fd >= 0)
			close(fd);
		return;
	}
	if (d->keeper && error == EACCES)
		log_warnx(&d->log, "%s: another file needs privileges dropped at start; restart knockd", path);
	errno = error;
	if (!take(d, which, fd) && !anyway)
		log_notice(&d->log, "%s has changed and is read again", path);
}

static void
close_watch(struct daemon_users *u)
{
	if (u->fd >= 0)
		close(u->fd);
	free(u->path);
	*u = (struct daemon_users){ .fd = -1, .taken = u->taken };
}

/*
 * The watch of the start stays as long as it can: a daemon that has left root may be unable to renew it. Without one a
 * key that is removed counts until the next reload.
 */
static void
watch(struct daemon *d, struct daemon_users *u, const char *path)
{
	if (u->fd >= 0 && u->path && !strcmp(path, u->path))
		return;
	close_watch(u);
	u->fd = filewatch_open();
	if (u->fd < 0 || filewatch_add(u->fd, path)) {
		log_warn(&d->log, "%s: changes will count only after a reload", path);
		close_watch(u);
	} else {
		u->path = strdup(path);
	}
}

void
users_read(struct daemon *d)
{
	for (int i = 0; i < USERS_FILES; i++) {
		if (!path_of(d, i) || (i == USERS_KEYS && !d->judge)) {
			close_watch(&d->users[i]);
			continue;
		}
		watch(d, &d->users[i], path_of(d, i));
		read_file(d, i, true);
	}
}

void
users_read_watch(struct daemon *d, int which)
{
	if (d->users[which].fd < 0)
		return;
	filewatch_drain(d->users[which].fd);
	if (!path_of(d, which))
		return;
	read_file(d, which, false);
	sharing_users_read(d->sharing);
}

void
users_close(struct daemon *d)
{
	for (int i = 0; i < USERS_FILES; i++)
		close_watch(&d->users[i]);
}
