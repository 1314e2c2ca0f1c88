/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "filewatch.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "lib/text.h"

int
filewatch_open(void)
{
	return inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
}

static int
watch_directory(int fd, const char *path)
{
	char copy[PATH_MAX];

	errno = ENAMETOOLONG;
	if (text_copy(copy, sizeof(copy), path))
		return -1;
	return inotify_add_watch(fd, dirname(copy), IN_CLOSE_WRITE | IN_MOVED_TO | IN_ATTRIB) < 0 ? -1 : 0;
}

/* A link may be replaced, or the file that it leads to may change. */
int
filewatch_add(int fd, const char *path)
{
	char *real = realpath(path, NULL);
	int failed = watch_directory(fd, path) || (real && watch_directory(fd, real)) ? -1 : 0, saved = errno;

	free(real);
	errno = saved;
	return failed;
}

void
filewatch_drain(int fd)
{
	char reports[4096];

	while (read(fd, reports, sizeof(reports)) > 0)
		;
}
