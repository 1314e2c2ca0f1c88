/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "control_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/text.h"

#define BACKLOG 64

static int
make_address(struct sockaddr_un *address, const char *path)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (!text_copy(address->sun_path, sizeof(address->sun_path), path))
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

/* Makes only the last directory: if more are missing, the path is probably mistyped. */
static void
make_directory(const char *path)
{
	char *dir = strdup(path), *slash = dir ? strrchr(dir, '/') : NULL;

	if (slash && slash != dir) {
		*slash = '\0';
		mkdir(dir, 0755); /* bind(2) fails if it is missing */
	}
	free(dir);
}

static bool
is_alive(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool alive;

	if (fd < 0)
		return true;
	/* EAGAIN: its queue is full; ECONNREFUSED: no process has it open */
	alive = !connect(fd, (const struct sockaddr *)address, sizeof(*address)) || errno != ECONNREFUSED;
	close(fd);
	return alive;
}

/* Removes the socket of a dead daemon. 0: the path is free. */
static int
clear_path(const struct sockaddr_un *address)
{
	struct stat st;

	if (lstat(address->sun_path, &st))
		return errno == ENOENT ? 0 : -1;
	if (!S_ISSOCK(st.st_mode))
		errno = EEXIST;
	else if (is_alive(address))
		errno = EADDRINUSE;
	else
		return unlink(address->sun_path);
	return -1;
}

/* Mode 0600, so that a client has no access before open_to_group(), and cannot connect before listen(2). */
static int
bind_closed(int fd, const struct sockaddr_un *address)
{
	mode_t old = umask(0177);
	int failed = bind(fd, (const struct sockaddr *)address, sizeof(*address));

	umask(old);
	return failed;
}

/*
 * By a descriptor of what is there: whoever owns the directory could have put a link to another file in its place,
 * which root would then give away. Only a socket of our own is.
 */
static int
give_away(const char *path, gid_t group)
{
	int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC), failed;
	char link[64];
	struct stat st;

	if (fd < 0)
		return -1;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd); /* fchmod(2) takes no O_PATH */
	errno = EPERM;
	failed = fstat(fd, &st) || !S_ISSOCK(st.st_mode) || st.st_uid != geteuid() ||
		 fchownat(fd, "", (uid_t)-1, group, AT_EMPTY_PATH) || chmod(link, 0660);
	close(fd);
	return failed ? -1 : 0;
}

static void
open_to_group(struct control_socket *s, const char *name, const struct log *log)
{
	struct group *group = getgrnam(name);

	if (!group)
		return;
	if (give_away(s->path, group->gr_gid)) {
		log_warn(log, "control: could not give %s to group %s: only root can use it", s->path, name);
		return;
	}
	s->has_group = true;
	s->group = group->gr_gid;
}

static int
place(struct control_socket *s, const struct sockaddr_un *address, const char *group, const struct log *log)
{
	struct stat st;

	if (bind_closed(s->fd, address))
		return -1;
	if (!lstat(s->path, &st)) {
		s->dev = st.st_dev;
		s->ino = st.st_ino;
	}
	open_to_group(s, group, log);
	return listen(s->fd, BACKLOG);
}

static void
make_directory_for_all(const char *path)
{
	mode_t old = umask(022);

	make_directory(path);
	umask(old);
}

int
control_socket_open(struct control_socket *s, const char *path, const char *group, const struct log *log)
{
	struct sockaddr_un address;
	int error;

	*s = (struct control_socket){ .fd = -1 };
	if (make_address(&address, path))
		return -1;
	s->path = strdup(path);
	if (!s->path)
		return -1;
	make_directory_for_all(path);
	if (!clear_path(&address))
		s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd >= 0 && !place(s, &address, group, log))
		return 0;
	error = errno;
	control_socket_close(s);
	errno = error;
	return -1;
}

void
control_socket_close(struct control_socket *s)
{
	struct stat st;

	if (s->fd >= 0)
		close(s->fd);
	if (s->ino && !lstat(s->path, &st) && st.st_dev == s->dev && st.st_ino == s->ino)
		unlink(s->path);
	free(s->path);
	*s = (struct control_socket){ .fd = -1 };
}
