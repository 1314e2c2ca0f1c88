/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "process/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static int
write_pid(int fd)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

	if (ftruncate(fd, 0))
		return -1;
	return write(fd, text, (size_t)len) == len ? 0 : -1;
}

int
pidfile_create(struct pidfile *pidfile, const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644), error;

	*pidfile = (struct pidfile){ .fd = -1 };
	if (fd < 0)
		return -1;
	if (!flock(fd, LOCK_EX | LOCK_NB) && !write_pid(fd)) {
		*pidfile = (struct pidfile){ .fd = fd, .path = strdup(path) };
		return 0;
	}
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

void
pidfile_remove(struct pidfile *pidfile)
{
	if (pidfile->fd < 0)
		return;
	if (pidfile->path)
		unlink(pidfile->path);
	close(pidfile->fd);
	free(pidfile->path);
	*pidfile = (struct pidfile){ .fd = -1 };
}
