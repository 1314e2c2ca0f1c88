/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Giving up privilege, for good.
 */
#ifndef KNOCKD_PRIV_H
#define KNOCKD_PRIV_H

#include <stdint.h>
#include <sys/types.h>

struct priv_user {
	uid_t uid;
	gid_t gid;
};

/* Looks a user up. 0, or -1: there is none (errno 0) or the look-up failed (errno). */
int priv_lookup(struct priv_user *user, const char *name);

/*
 * Becomes `user` with no group but its own, no capability in any set but those of `caps` (a bit 1 << CAP_X for
 * each) that it has now, no way to gain one by exec (no_new_privs), no core dump and no ptrace by others of
 * that uid, and checks that it is so. To be called before the process has threads. Returns 0, or -1 with
 * errno and the step that failed in `step`: the caller must then end at once.
 */
int priv_keep(const struct priv_user *user, uint64_t caps, const char **step);

/* The same, with no capability left. */
int priv_drop(const struct priv_user *user, const char **step);

/* Nobody but root looks into this process from now on, neither alive nor as a core. What it executes is free again. */
void priv_hide(void);

/* Closes every descriptor from `from` on. */
void priv_close_from(int from);

/*
 * For a helper: nothing of the daemon's is left open but `fd`, above all not its caller's streams, or
 * `x=$(knockd -d -l)` never ends. Returns its new number, or -1.
 */
int priv_keep_only(int fd);

#endif
