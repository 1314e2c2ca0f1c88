/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Could another user modify or replace a file with sequences and commands? Decided by owner, mode and ACL.
 */
#ifndef KNOCKD_TRUST_H
#define KNOCKD_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum trust {
	TRUST_FULL,
	TRUST_READ_BY_ALL, /* its content is no secret */
	TRUST_NONE,        /* a user other than root and `self` can write to it */
};

/*
 * `text` becomes a clause with the fault and its remedy, or NULL. The group root may write. Only regular files and
 * FIFOs are checked, not devices such as /dev/null.
 */
enum trust trust_of(int fd, uid_t self, const char **text);

/*
 * Are root and `self` the only users that can create a file or a link at `path`? Checks its directory, none above.
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
