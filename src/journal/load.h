/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads a journal's file and changes nothing.
 */
#ifndef KNOCKD_LOAD_H
#define KNOCKD_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "live.h"

struct journal_damage {
	size_t good, damaged; /* lines */
	bool torn;            /* the last line has no newline; counted in neither */
	uint64_t version;     /* the file's version; 0: RECORD_VERSION */
	const char *distrust; /* why the file is not read, see trust_of(); NULL: it is */
};

/*
 * Reads the file `name` in `dir_fd` into the empty table; after a reboot (`boot` is this one, see
 * moment_boot()) the ends are computed for this one. 0 also when there is no file; -1 with errno when it
 * cannot be read, is no regular file, or can be written to by others than root and `owner`. If that is not this
 * process, the file is not believed in its size either: EFBIG.
 */
int load_journal(int dir_fd, const char *name, uid_t owner, const char *boot, struct live_table *live,
		 struct journal_damage *damage);

#endif
