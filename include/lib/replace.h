/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replaces a file as a whole: a reader finds the old file or the new one, also after a crash. */
#ifndef KNOCKD_REPLACE_H
#define KNOCKD_REPLACE_H

#define REPLACE_SUFFIX ".new"

/*
 * Makes `path`.new, mode 0640, in place of an older one, for the caller to fill and sync. Returns a descriptor for
 * writing, close-on-exec, or -1 with errno.
 */
int replace_begin(const char *path);

/* Puts `path`.new in the place of `path`. 0 when that is on the disk; -1 with errno. */
int replace_end(const char *path);

/* The same for a new file of any name in that directory. */
int replace_by(const char *file, const char *path);

#endif
