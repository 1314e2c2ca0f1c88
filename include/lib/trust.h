/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Could another user modify or replace a file with sequences and commands? Decided by owner, mode and ACL.
 */
#ifndef KNOCKD_TRUST_H
#define KNOCKD_TRUST_H

#include <stdbool.h>
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

#endif
