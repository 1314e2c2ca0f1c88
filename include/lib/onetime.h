/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One-time sequences: a file with one sequence per line, used from the top, each marked after use.
 * Shared by the daemon and the client. Empty lines and lines whose first non-blank character is '#' are
 * skipped; a line that is not a sequence is reported and skipped. No function keeps the file open or
 * caches it, so an admin may edit or replace it at any time. Reports never contain a port. A file that
 * another user can write to is refused (EPERM).
 *
 * The mark depends on the line's first byte:
 *
 *  - a blank (recommended) becomes '#'. Inode, owner, mode, size and every other byte stay.
 *  - a digit leaves no byte to spare: the file with '#' before the line is written to a temporary file
 *    in the same directory, with the same owner, group and mode, and renamed over the old one. The
 *    inode changes; a crash leaves the old file or the new one, never a mixture. The directory must be
 *    writable. ACLs and extended attributes are not copied.
 *
 * Both are on disk before onetime_mark() returns.
 */
#ifndef KNOCKD_ONETIME_H
#define KNOCKD_ONETIME_H

#include <stddef.h>
#include <sys/types.h>

#include "lib/seq.h"

struct onetime {
	struct seq seq;
	unsigned long line; /* its number from 1, for messages; an edit may change it */
};

/* A line was skipped (0: about the file itself). `reason` is one clause and quotes nothing of the line. */
typedef void onetime_report(void *arg, unsigned long line, const char *reason);

/*
 * Stores the first `max` unused sequences in file order and returns the number of all of them (0:
 * exhausted). Reports every bad line; `report` may be NULL. -1 with errno (EINVAL: not a regular file).
 */
ssize_t onetime_read(const char *path, struct onetime *to, size_t max, onetime_report *report, void *arg);

/*
 * Marks the first unused line with exactly `seq`, also if the file was edited since it was read.
 * Returns 0 when the mark is on disk, or -1 with errno:
 *   ESTALE  the sequence is no longer in the file, or the file was replaced meanwhile
 *   other   the file could not be read, written or synced; the line may be marked or not
 */
int onetime_mark(const char *path, const struct seq *seq);

/* Can this sequence be marked? To be called before its use. 0, or -1 with errno. */
int onetime_check(const char *path, const struct seq *seq);

#endif
