/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads a journal's file and changes nothing.
 */
#ifndef KNOCKD_LOAD_H
#define KNOCKD_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "live.h"

struct journal_damage {
	size_t good, damaged; /* lines */
	bool torn;            /* the last line has no newline; counted in neither */
	uint64_t version;     /* the file's version; 0: RECORD_VERSION */
};

/*
 * Reads the file `name` in `dir_fd` into the empty table. `boot` is moment_boot()'s; after a reboot the
 * ends are converted to this boot's clock. 0 also if there is no file; -1 with errno if it cannot be read
 * or is not a regular file.
 */
int load_journal(int dir_fd, const char *name, const char *boot, struct live_table *live,
		 struct journal_damage *damage);

#endif
