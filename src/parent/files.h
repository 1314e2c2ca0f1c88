/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files that the daemon reads and writes by name, also after it has left root. */
#ifndef KNOCKD_FILES_H
#define KNOCKD_FILES_H

#include "state.h"

/* From the root directory; the caller frees it. NULL when memory is out. */
char *files_path(const struct daemon *d, const char *path);

/* The configuration's log file, or else the command line's; the caller frees it. NULL: none, or no memory. */
char *files_log_path(const struct daemon *d);

/* As conffile_read() and log_open_file(), also without the right to do so. */
struct conf *files_read_conf(struct daemon *d, conf_report *report, void *arg);
int files_open_log(struct daemon *d, const char *path);

#endif
