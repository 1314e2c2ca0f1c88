/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Drops privileges, for good.
 */
#ifndef KNOCKD_PRIV_H
#define KNOCKD_PRIV_H

#include <stdint.h>
#include <sys/types.h>

struct priv_user {
	uid_t uid;
	gid_t gid;
};

/*
 * Looks up a user by name, or takes "UID" or "UID:GID". A UID alone has the group of its user or, if there is none, the
 * group with the same number. 0, or -1: no such user (errno 0) or the look-up failed (errno).
 */
int priv_lookup(struct priv_user *user, const char *name);

/*
 * Becomes `user` with no group but its own, no capability in any set but those of `caps` (a bit 1 << CAP_X for
 * each) that the process has now, no way to gain one by exec (no_new_privs), no core dump and no ptrace by
 * others of that uid; then verifies ids and capabilities. To be called before the process has threads. Returns
 * 0, or -1 with errno and the failed step in `step`: the caller must then end at once.
 */
int priv_keep(const struct priv_user *user, uint64_t caps, const char **step);

/* The step that fails without CAP_SETUID and CAP_SETGID, or without this user in the user namespace. */
#define PRIV_STEP_USER "change to its user"

/* The same, with no capability left. */
int priv_drop(const struct priv_user *user, const char **step);

/* From now on only root can trace this process, and it dumps no core; exec ends that. */
void priv_hide(void);

/* From now on the calling thread runs before others, but not its children. Without CAP_SYS_NICE nothing happens. */
void priv_hurry(void);

/* Closes every descriptor from `from` on. */
void priv_close_from(int from);

/*
 * For a helper: closes every descriptor but `fd`; standard streams become /dev/null, or `x=$(knockd -d -l)`
 * would never end. Returns the new number of `fd`, or -1.
 */
int priv_keep_only(int fd);

#endif
