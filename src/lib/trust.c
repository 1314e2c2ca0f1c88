/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/trust.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#ifdef __linux__
#include <sys/xattr.h>
#endif
#include <unistd.h>

#include "lib/text.h"

#define ACL       "system.posix_acl_access"
#define LINKS_MAX 40 /* as in the kernel: MAXSYMLINKS, <linux/namei.h> */
#define BELONGS   "belongs to another user, who could change it (chown root)"

/*
 * With an ACL the group bits are its mask: the most that a user or group in the list may do. Other systems have lists
 * that give rights beyond the mode; the client, which alone runs there, judges by the mode.
 */
#ifdef __linux__
static bool
has_acl(int fd)
{
	return fgetxattr(fd, ACL, NULL, 0) > 0;
}

static bool
path_has_acl(const char *path)
{
	return getxattr(path, ACL, NULL, 0) > 0;
}
#else
static bool
has_acl(int fd)
{
	(void)fd;
	return false;
}

static bool
path_has_acl(const char *path)
{
	(void)path;
	return false;
}
#endif

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
		*text = BELONGS;
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
	return !(st.st_mode & S_IWGRP) || (!st.st_gid && !path_has_acl(dir));
}

/* ---- paths ------------------------------------------------------------------------------------- */

/* A path that is followed from the root directory on: no link is in `done`, and what is left may have some. */
struct walk {
	uid_t self;
	char done[PATH_MAX], left[PATH_MAX];
	int links;
};

/* What is wrong with a directory, or NULL. In a sticky one nobody can replace what belongs to another. */
static const char *
judge_directory(const struct walk *w, const struct stat *st)
{
	bool sticky = st->st_mode & S_ISVTX && w->left[strspn(w->left, "/")];

	/* the owner of / may be outside of this user namespace */
	if (st->st_uid && st->st_uid != w->self && strcmp(w->done, "/"))
		return BELONGS;
	if (sticky || !(st->st_mode & (S_IWOTH | S_IWGRP)))
		return NULL;
	if (st->st_mode & S_IWOTH)
		return "any user can write to it (chmod o-w)";
	if (path_has_acl(w->done))
		return "its access control list lets others write to it (chmod g-w)";
	return st->st_gid ? "a group can write to it (chmod g-w)" : NULL;
}

static void
go_up(struct walk *w)
{
	char *slash = strrchr(w->done, '/');

	slash[slash == w->done] = '\0';
}

/* 0, or -1 with errno. */
static int
follow(struct walk *w)
{
	char target[PATH_MAX], left[PATH_MAX];
	ssize_t len = readlink(w->done, target, sizeof(target) - 1);

	if (len < 0)
		return -1;
	target[len] = '\0';
	if (++w->links > LINKS_MAX) {
		errno = ELOOP;
		return -1;
	}
	text_copy(left, sizeof(left), w->left);
	if (snprintf(w->left, sizeof(w->left), "%s/%s", target, left) >= (int)sizeof(w->left)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	go_up(w);
	if (*target == '/')
		text_copy(w->done, sizeof(w->done), "/");
	return 0;
}

/* Takes the next name of what is left. 1: done, 0: there is none, -1: with errno. */
static int
step(struct walk *w)
{
	char *name = w->left + strspn(w->left, "/");
	size_t len = strcspn(name, "/"), used = strlen(w->done);

	if (!len)
		return 0;
	if (len == 2 && !strncmp(name, "..", 2)) {
		go_up(w);
	} else if (len != 1 || *name != '.') {
		if (used + len + 2 > sizeof(w->done)) {
			errno = ENAMETOOLONG;
			return -1;
		}
		snprintf(w->done + used, sizeof(w->done) - used, "%s%.*s", used > 1 ? "/" : "", (int)len, name);
	}
	memmove(w->left, name + len, strlen(name + len) + 1);
	return 1;
}

/* NULL: it goes on, or has come to its end: `*end`. Else what is wrong. */
static const char *
look(struct walk *w, bool *end)
{
	struct stat st;

	if (lstat(w->done, &st)) {
		*end = errno == ENOENT;
		return *end ? NULL : strerror(errno);
	}
	if (S_ISLNK(st.st_mode)) {
		if (st.st_uid && st.st_uid != w->self)
			return BELONGS;
		return follow(w) ? strerror(errno) : NULL;
	}
	return S_ISDIR(st.st_mode) ? judge_directory(w, &st) : strerror(ENOTDIR);
}

bool
trust_path(const char *path, uid_t self, char *err, size_t errlen)
{
	struct walk walk = { .self = self, .done = "/" };
	const char *wrong = text_copy(walk.left, sizeof(walk.left), path) ? strerror(ENAMETOOLONG) : NULL;
	bool end = false;
	int more = 1;

	while (!wrong && !end && more > 0) {
		wrong = look(&walk, &end);
		if (!wrong && !end)
			more = step(&walk);
		if (more < 0)
			wrong = strerror(errno);
	}
	if (wrong)
		snprintf(err, errlen, "%s: %s", walk.done, wrong);
	return !wrong;
}
