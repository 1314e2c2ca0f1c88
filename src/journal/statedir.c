/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "statedir.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/trust.h"

#define DIR_MODE 0750

/* A child that a killed daemon had just forked may hold the lock for a moment. */
#define LOCK_RETRIES    20
#define LOCK_RETRY_MSEC 50

static int
reach(const char *dir, uid_t owner, char *why, size_t size)
{
	if (trust_path(dir, owner, why, size))
		return 0;
	errno = EPERM;
	return -1;
}

static int
open_or_make(const char *dir, uid_t owner, char *why, size_t size)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	int fd;

	if (reach(dir, owner, why, size))
		return -1;
	fd = open(dir, flags);
	if (fd < 0 && errno == ENOENT && !mkdir(dir, DIR_MODE) && !reach(dir, owner, why, size))
		fd = open(dir, flags);
	return fd;
}

static int
lock(int fd)
{
	const struct timespec pause = { .tv_nsec = LOCK_RETRY_MSEC * 1000000L };

	for (int i = 0; flock(fd, LOCK_EX | LOCK_NB); i++) {
		if (errno == EWOULDBLOCK && i == LOCK_RETRIES)
			errno = EBUSY;
		if (errno != EWOULDBLOCK)
			return -1;
		nanosleep(&pause, NULL);
	}
	return 0;
}

int
statedir_open(const char *dir, uid_t owner, char *why, size_t size)
{
	int fd = open_or_make(dir, owner, why, size), error;

	if (fd < 0 || !lock(fd))
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}
