/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A configuration from its files: knockd.conf and the one-time sequences that it names.
 */
#ifndef KNOCKD_CONFFILE_H
#define KNOCKD_CONFFILE_H

#include "conf.h"

/*
 * Reads and parses the file, and the one-time files. NULL when one cannot be read or anything is wrong; every reason has
 * then been reported. The caller frees the result with conf_free().
 */
struct conf *conffile_read(const char *path, conf_report *report, void *arg);

#endif
