/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/text.h"

#define MODE 0640

static int
name_new(char name[static PATH_MAX], const char *path)
{
	int len = snprintf(name, PATH_MAX, "%s" REPLACE_SUFFIX, path);

	if (len < PATH_MAX)
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

/* A rename is durable only after a sync of the directory. */
static int
sync_directory(const char *path)
{
	char copy[PATH_MAX];
	int fd, err = 0;

	if (text_copy(copy, sizeof(copy), path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (fsync(fd))
		err = errno;
	close(fd);
	errno = err;
	return err ? -1 : 0;
}

int
replace_begin(const char *path)
{
	char name[PATH_MAX];

	if (name_new(name, path) || (unlink(name) && errno != ENOENT))
		return -1;
	return open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, MODE);
}

int
replace_end(const char *path)
{
	char name[PATH_MAX];

	return name_new(name, path) || replace_by(name, path) ? -1 : 0;
}

int
replace_by(const char *file, const char *path)
{
	return rename(file, path) || sync_directory(path) ? -1 : 0;
}
