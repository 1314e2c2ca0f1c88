/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files with secrets: nobody but their owner, which is root or this user, may have access. */
#ifndef KNOCKD_SECRETFILE_H
#define KNOCKD_SECRETFILE_H

#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

/* Makes the directory of the file, if only that is missing. A failure shows when the file is opened. */
void secretfile_directory(const char *path);

/* Does that, and makes a file of mode 0600 with this text, which is on the disk then. 0, or -1 with errno. */
int secretfile_write(const char *path, const char *text, size_t len);

/* What speaks against a file that is open, -1 with errno: that it could not be opened; or NULL. */
const char *secretfile_refuse(int fd, uid_t self);

/*
 * Opens `fd` for reading, without a buffer, in which the secret would stay. fd -1: it could not be opened, with errno.
 * NULL, and `fd` is closed: `why` says what speaks against the file, and quotes nothing of it.
 */
FILE *secretfile_open(int fd, uid_t self, const char **why);

#endif
