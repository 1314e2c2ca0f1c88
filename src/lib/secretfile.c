/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/secretfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/text.h"

void
secretfile_directory(const char *path)
{
	char copy[PATH_MAX], *slash;

	if (text_copy(copy, sizeof(copy), path))
		return;
	slash = strrchr(copy, '/');
	if (!slash || slash == copy)
		return;
	*slash = '\0';
	mkdir(copy, 0755);
}

int
secretfile_write(const char *path, const char *text, size_t len)
{
	int fd, error = 0;

	secretfile_directory(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	errno = EIO; /* of a write that is cut */
	if (write(fd, text, len) != (ssize_t)len || fsync(fd))
		error = errno;
	close(fd);
	if (error)
		unlink(path);
	errno = error;
	return error ? -1 : 0;
}

const char *
secretfile_refuse(int fd, uid_t self)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "is not a regular file";
	if (st.st_uid && st.st_uid != self)
		return "belongs to another user, who could change it";
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		return "is accessible to other users, but the key is secret: chmod 600";
	return NULL;
}

FILE *
secretfile_open(int fd, uid_t self, const char **why)
{
	FILE *file;

	*why = secretfile_refuse(fd, self);
	file = fd < 0 || *why ? NULL : fdopen(fd, "r");
	if (file) {
		setvbuf(file, NULL, _IONBF, 0);
		return file;
	}
	if (!*why)
		*why = strerror(errno);
	if (fd >= 0)
		close(fd);
	return NULL;
}
