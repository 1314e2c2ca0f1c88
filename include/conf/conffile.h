/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A configuration from its files: knockd.conf and the one-time sequences that it names.
 */
#ifndef KNOCKD_CONFFILE_H
#define KNOCKD_CONFFILE_H

#include "conf/conf.h"

/*
 * Reads and parses the file, and the one-time files. NULL when one cannot be read or anything is wrong; every reason
 * has then been reported. The caller frees the result with conf_free().
 *
 * Who can write to one of these files gives root commands, and sequences are secrets. So a file that others than
 * root and whoever runs this can write is refused (its owner counts; a group does, too, unless it is root's); one
 * that everybody can read is warned of.
 *
 * One-time files whose names do not begin with '/' are looked for in `dir`, and the result has their whole names: the
 * daemon's working directory changes. NULL: the names are left as they are.
 */
struct conf *conffile_read(const char *path, const char *dir, conf_report *report, void *arg);

/*
 * The same with the configuration opened already, by root, who alone may own it: what root would not start with is not
 * good for who has left root either. `fd` is closed. -1: it could not be opened, and errno says why.
 */
struct conf *conffile_read_from(int fd, const char *path, const char *dir, conf_report *report, void *arg);

#endif
