/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "counter.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/text.h"

static uint64_t
clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* Makes the directories of `path`. */
static void
make_directories(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
}

static int
open_file(const char *path)
{
	char copy[PATH_MAX];

	if (text_copy(copy, sizeof(copy), path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	make_directories(copy);
	return open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static uint64_t
read_last(int fd)
{
	char text[32] = "", *end;
	unsigned long long last;

	if (pread(fd, text, sizeof(text) - 1, 0) <= 0)
		return 0;
	last = strtoull(text, &end, 10);
	return *end == '\n' && last < UINT64_MAX ? last : 0;
}

/* In place, always of one length: no other process sees a half. */
static int
write_last(int fd, uint64_t counter)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%020" PRIu64 "\n", counter);

	return pwrite(fd, text, (size_t)len, 0) == len ? 0 : -1;
}

uint64_t
counter_next(const char *path)
{
	int fd = open_file(path);
	uint64_t next = clock_now(), last;
	bool kept = fd >= 0 && !flock(fd, LOCK_EX);

	if (kept) {
		last = read_last(fd);
		next = clock_now();
		if (next <= last)
			next = last + 1;
		kept = !write_last(fd, next);
	}
	if (!kept)
		fprintf(stderr, "warning: %s: %s: if the clock goes back, the server will refuse knocks\n", path,
			strerror(errno));
	if (fd >= 0)
		close(fd);
	return next;
}
