/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a journal's file says: reads it and changes nothing.
 */
#ifndef KNOCKD_LOAD_H
#define KNOCKD_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "live.h"

struct journal_damage {
	size_t good, damaged; /* lines */
	bool torn;            /* the last one has no newline; it is in neither number */
	uint64_t version;     /* of the file, if it is not ours; 0: it is */
};

/*
 * Reads the file `name` in `dir_fd` into the empty table; after a reboot (`boot` is this one, see
 * moment_boot()) the ends are computed for this one. 0 also when there is no file; -1 with errno when it
 * cannot be read or is no regular file.
 */
int load_journal(int dir_fd, const char *name, const char *boot, struct live_table *live,
		 struct journal_damage *damage);

#endif
