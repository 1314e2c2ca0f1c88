/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who else has a say in a file that holds sequences and commands, or in which file it is, going by owner and mode.
 */
#ifndef KNOCKD_TRUST_H
#define KNOCKD_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum trust {
	TRUST_FULL,
	TRUST_READ_BY_ALL, /* what is in it is no secret */
	TRUST_NONE,        /* somebody can write to it who is neither root nor `self` */
};

/*
 * `text` becomes a clause that says what is wrong and what helps, NULL when nothing is. The group root may write;
 * what is neither a file nor a FIFO is trusted, for nobody's text comes out of it.
 */
enum trust trust_of(int fd, uid_t self, const char **text);

/*
 * Can nobody but root and `self` put a file, or a link to one, where `path` is? Looks at the directory that it stands
 * in, and at none above.
 */
bool trust_place(const char *path, uid_t self);

/*
 * Can nobody but root and `self` change which directory this absolute path leads to, or what is in it? Looks at every
 * directory from the root down, and at those that symbolic links lead through. Only the last one must not be sticky,
 * for there others could make files. A path that ends where something is missing is trusted so far. The question and
 * the use of the path need not be one step: nobody else can change what was looked at. False: `err` says which and why.
 */
bool trust_path(const char *path, uid_t self, char *err, size_t errlen);

#endif
