/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A configuration from a file.
 */
#ifndef KNOCKD_CONFFILE_H
#define KNOCKD_CONFFILE_H

#include "conf.h"

/*
 * Reads and parses the file. NULL when it cannot be read or anything in it is wrong; every reason has
 * then been reported. The caller frees the result with conf_free().
 */
struct conf *conffile_read(const char *path, conf_report *report, void *arg);

#endif
