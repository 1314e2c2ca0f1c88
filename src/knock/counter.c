/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "counter.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/duration.h"
#include "lib/text.h"

#define AHEAD_USEC (UINT64_C(86400) * 1000000) /* the default of the server's Max_Ahead */

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

static void
warn_of_failure(const char *path, bool *warned)
{
	if (!*warned)
		fprintf(stderr, "warning: %s: %s: if the clock goes back, the server will refuse knocks\n", path,
			strerror(errno));
	*warned = true;
}

/* Of a knock that was sent while the clock was wrong. It may be wrong now, so the counter is used all the same. */
static void
warn_of_lead(const char *path, uint64_t lead_usec, bool *warned)
{
	char text[64];

	if (lead_usec > AHEAD_USEC && !*warned)
		fprintf(stderr,
			"warning: %s: it is %s ahead of the clock, and servers refuse more than a day: if the clock "
			"is right, remove the file\n",
			path, duration_format(lead_usec / 1000000 * 1000, text, sizeof(text)));
	*warned = *warned || lead_usec > AHEAD_USEC;
}

uint64_t
counter_next(const char *path, bool *warned)
{
	int fd = open_file(path);
	uint64_t now = clock_now(), next = now, last;
	bool kept = fd >= 0 && !flock(fd, LOCK_EX);

	if (kept) {
		last = read_last(fd);
		next = now = clock_now();
		if (next <= last)
			next = last + 1;
		kept = !write_last(fd, next);
	}
	if (!kept)
		warn_of_failure(path, warned);
	warn_of_lead(path, next - now, warned);
	if (fd >= 0)
		close(fd);
	return next;
}
