/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/appendline.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* Unless another process has written behind it. */
static void
take_back(int fd, off_t size, ssize_t written)
{
	struct stat st;

	if (!fstat(fd, &st) && st.st_size == size + written && ftruncate(fd, size))
		errno = EIO; /* the caller fails in any case */
}

int
appendline_write(int fd, const char *text)
{
	char newline[] = "\n", last = '\n';
	size_t len = strlen(text);
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st))
		return -1;
	if (st.st_size && pread(fd, &last, 1, st.st_size - 1) != 1)
		last = '\n';
	struct iovec parts[] = { { newline, last != '\n' }, { (void *)text, len }, { newline, 1 } };
	n = writev(fd, parts, sizeof(parts) / sizeof(parts[0]));
	if (n >= 0 && (size_t)n < parts[0].iov_len + len + 1) {
		take_back(fd, st.st_size, n);
		errno = ENOSPC;
		return -1;
	}
	return n < 0 || fsync(fd) ? -1 : 0;
}
