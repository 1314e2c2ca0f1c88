/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One-time sequences: a file with one sequence per line, used from the top, each marked once it was
 * used. Shared by the daemon and the client. Empty lines and lines whose first character that is no
 * blank is '#' are skipped; a line that is no sequence is reported and skipped. No function keeps
 * the file open or remembers anything, so an admin may edit or replace it at any time; nothing that
 * is reported or returned as text contains a port. A file that somebody else can write to is refused (EPERM).
 *
 * How a line is marked depends on its first byte:
 *
 *  - a blank (recommended): it becomes '#'. Inode, owner, mode, size and every other byte stay.
 *  - a digit: there is no byte to spare, so the whole file is written anew with '#' put in front of
 *    the line, to a temporary file next to it with the same owner, group and mode, and renamed over
 *    the old one. Only then the inode changes; a crash leaves the old file or the new one, never a
 *    mixture. Needs a directory that can be written. ACLs and extended attributes are not copied.
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
	unsigned long line; /* its number in the file, from 1: for messages, it may move */
};

/* A line was skipped (0: something is wrong with the file). `reason` is one clause and quotes nothing of the line. */
typedef void onetime_report(void *arg, unsigned long line, const char *reason);

/*
 * Stores the first `max` sequences not used yet, in the order of the file, and returns how many
 * there are altogether (0: exhausted); the whole file is read and every bad line reported.
 * Returns -1 with errno (EINVAL: not a regular file). `report` may be NULL.
 */
ssize_t onetime_read(const char *path, struct onetime *to, size_t max, onetime_report *report, void *arg);

/*
 * Marks the first line not used yet that holds exactly `seq`; where the line stands does not matter,
 * so a file edited since it was read is no special case. Returns 0 when the mark is on disk, or
 * -1 with errno:
 *   ESTALE  the sequence is not in the file any more, or the file was replaced while it was marked
 *   other   the file could not be read, written or synced; whether the mark holds is then unknown
 *           in place (a blank line start), and it does not after a failed rewrite
 */
int onetime_mark(const char *path, const struct seq *seq);

/* Can the next sequence be marked? To be asked before it is used. 0, or -1 with errno. */
int onetime_check(const char *path, const struct seq *seq);

#endif
