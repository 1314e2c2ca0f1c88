/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "priv.h"

#include "config.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

int
priv_lookup(struct priv_user *user, const char *name)
{
	struct passwd *pw;

	errno = 0;
	pw = getpwnam(name);
	if (!pw) {
		/* "not found" comes in several disguises, see getpwnam(3) */
		if (errno == ENOENT || errno == ESRCH || errno == EBADF || errno == EPERM)
			errno = 0;
		return -1;
	}
	user->uid = pw->pw_uid;
	user->gid = pw->pw_gid;
	return 0;
}

/* Drops every capability that exec could give back. The kernel answers EINVAL behind its last one. */
static int
empty_bounding_set(const struct priv_user *user)
{
	(void)user;
	for (unsigned long cap = 0;; cap++) {
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0)) {
			if (errno == EINVAL && cap > 0)
				return 0;
			/* without CAP_SETPCAP, as in a container: no_new_privs keeps what is left out of reach */
			return errno == EPERM ? 0 : -1;
		}
	}
}

static int
set_ids(const struct priv_user *user)
{
	/* a user namespace may forbid setgroups(2); then there is nothing to drop */
	if (setgroups(0, NULL) && (errno != EPERM || getuid() != user->uid))
		return -1;
	if (setresgid(user->gid, user->gid, user->gid) || setresuid(user->uid, user->uid, user->uid))
		return -1;
	return 0;
}

static int
clear_capabilities(const struct priv_user *user)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	(void)user;
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return (int)syscall(SYS_capset, &header, none);
}

static int
is_confined(const struct priv_user *user)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, caps))
		return -1;
	errno = EPERM;
	if (caps[0].effective | caps[0].permitted | caps[0].inheritable)
		return -1;
	if (caps[1].effective | caps[1].permitted | caps[1].inheritable)
		return -1;
	if (getuid() != user->uid || geteuid() != user->uid || getegid() != user->gid)
		return -1;
	if (user->uid != 0 && setresuid(0, 0, 0) == 0)
		return -1;
	return 0;
}

void
priv_hide(void)
{
#ifdef SANITIZERS /* their search for leaks is a look from outside */
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
#else
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

static int
forbid_gains(const struct priv_user *user)
{
	(void)user;
	priv_hide(); /* anew: a change of the user undoes it */
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

int
priv_drop(const struct priv_user *user, const char **step)
{
	static const struct {
		const char *name;
		int (*take)(const struct priv_user *user);
	} steps[] = {
		{ "empty the bounding set", empty_bounding_set },
		{ "change to its user", set_ids },
		{ "drop its capabilities", clear_capabilities },
		{ "set no_new_privs", forbid_gains },
		{ "verify that it has no privilege left", is_confined },
	};

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		*step = steps[i].name;
		if (steps[i].take(user))
			return -1;
	}
	return 0;
}

void
priv_close_from(int from)
{
	struct rlimit limit;

#ifdef SYS_close_range
	if (!syscall(SYS_close_range, (unsigned)from, ~0U, 0))
		return;
#endif
	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur > 65536)
		limit.rlim_cur = 65536;
	for (int fd = from; fd < (int)limit.rlim_cur; fd++)
		close(fd);
}
