/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guard of the last good configuration: the file State_Dir/guard, without any secret, for a start at which the
 * configuration has an error.
 */
#ifndef KNOCKD_LASTGUARD_H
#define KNOCKD_LASTGUARD_H

#include "state.h"

/* The file's name; the caller frees it. NULL: out of memory. */
char *lastguard_path(const char *state_dir);

/* Writes the file for the configuration in force, through the keeper once root is dropped. Warns if it cannot. */
void lastguard_keep(const struct daemon *d);

/*
 * Reads the file that was written for the configuration file `config`, by whatever path that was named. The result, for
 * conf_free(), has only what guards ports: doors without a sequence. NULL: none; `err` has the reason, "" if there is
 * no such file.
 */
struct conf *lastguard_read(const char *path, const char *config, char *err, size_t errlen);

#endif
