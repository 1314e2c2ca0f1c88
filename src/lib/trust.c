/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/trust.h"

#include <libgen.h>
#include <limits.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "lib/text.h"

#define ACL "system.posix_acl_access"

/* With an ACL the group bits are its mask: the most that a user or group in the list may do. */
static bool
has_acl(int fd)
{
	return fgetxattr(fd, ACL, NULL, 0) > 0;
}

enum trust
trust_of(int fd, uid_t self, const char **text)
{
	struct stat st;

	*text = NULL;
	if (fstat(fd, &st)) {
		*text = "its owner cannot be read";
		return TRUST_NONE;
	}
	if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode))
		return TRUST_FULL;
	if (st.st_uid && st.st_uid != self)
		*text = "belongs to another user, who could change it (chown root)";
	else if (st.st_mode & S_IWOTH)
		*text = "any user can write to it (chmod o-w)";
	else if (st.st_mode & S_IWGRP && has_acl(fd))
		*text = "its access control list lets others write to it (chmod g-w)";
	else if (st.st_mode & S_IWGRP && st.st_gid)
		*text = "a group can write to it (chmod g-w)";
	if (*text)
		return TRUST_NONE;
	if (!(st.st_mode & S_IROTH))
		return TRUST_FULL;
	*text = "any user can read it, and sequences are secrets (chmod o-r)";
	return TRUST_READ_BY_ALL;
}

bool
trust_place(const char *path, uid_t self)
{
	char copy[PATH_MAX];
	const char *dir;
	struct stat st;

	if (text_copy(copy, sizeof(copy), path))
		return false;
	dir = dirname(copy);
	if (stat(dir, &st) || (st.st_uid && st.st_uid != self) || st.st_mode & S_IWOTH)
		return false;
	return !(st.st_mode & S_IWGRP) || (!st.st_gid && getxattr(dir, ACL, NULL, 0) <= 0);
}
