/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files that the daemon opens by name, also after it has dropped root. */
#ifndef KNOCKD_FILES_H
#define KNOCKD_FILES_H

#include "state.h"

/* Makes a path absolute; the caller frees it. NULL: out of memory. */
char *files_path(const struct daemon *d, const char *path);

/*
 * Names a file by a path without links, "." and "//"; if it does not exist, its directory. The path itself if neither
 * can be found. The caller frees it. NULL: out of memory.
 */
char *files_real_path(const char *path);

/* The configuration's log file, else the command line's; the caller frees it. NULL: none, or out of memory. */
char *files_log_path(const struct daemon *d);

/* As conffile_read() and log_open_file(). Without root, the keeper opens the file. */
struct conf *files_read_conf(struct daemon *d, conf_report *report, void *arg);

/*
 * Opens the keys of signed knocks, which the engine's user may not read: once root is dropped, through the keeper. A
 * descriptor, or -1 with errno.
 */
int files_open_key(const struct daemon *d, const char *path);
uid_t files_owner(const struct daemon *d); /* who may own these files beside root */

int files_open_log(struct daemon *d, const char *path);

#endif
