/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "process/priv.h"

#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Cuts a number off. The highest one means "no change" for setresuid(2). */
static int
take_id(uint32_t *id, const char **text)
{
	char *end;
	unsigned long long n;

	if (!isdigit((unsigned char)**text))
		return -1;
	n = strtoull(*text, &end, 10);
	if (n >= UINT32_MAX)
		return -1;
	*id = (uint32_t)n;
	*text = end;
	return 0;
}

static int
parse_ids(struct priv_user *user, const char *text)
{
	const struct passwd *pw;

	if (take_id(&user->uid, &text))
		return -1;
	if (*text == ':') {
		text++;
		return take_id(&user->gid, &text) || *text ? -1 : 0;
	}
	pw = getpwuid(user->uid);
	user->gid = pw ? pw->pw_gid : user->uid;
	return *text ? -1 : 0;
}

int
priv_lookup(struct priv_user *user, const char *name)
{
	struct passwd *pw;
	int error;

	errno = 0;
	pw = getpwnam(name);
	error = errno;
	if (pw) {
		*user = (struct priv_user){ pw->pw_uid, pw->pw_gid };
		return 0;
	}
	if (!parse_ids(user, name))
		return 0;
	/* several values mean "not found", see getpwnam(3) */
	errno = error == ENOENT || error == ESRCH || error == EBADF || error == EPERM ? 0 : error;
	return -1;
}

/* The user and capabilities that the process keeps. */
struct reduction {
	const struct priv_user *user;
	uint64_t caps;
};

/* Drops every capability that exec could give back. EINVAL: there are no more. */
static int
narrow_bounding_set(const struct reduction *to)
{
	for (unsigned long cap = 0;; cap++) {
		if (cap < 64 && to->caps >> cap & 1)
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0)) {
			if (errno == EINVAL && cap > 0)
				return 0;
			/* no CAP_SETPCAP, as in a container: no_new_privs makes the remaining ones unreachable */
			return errno == EPERM ? 0 : -1;
		}
	}
}

static int
set_ids(const struct reduction *to)
{
	const struct priv_user *user = to->user;

	/* a user namespace may forbid setgroups(2): an error only if the user changes */
	if (setgroups(0, NULL) && (errno != EPERM || getuid() != user->uid))
		return -1;
	if (prctl(PR_SET_KEEPCAPS, to->caps != 0, 0, 0, 0))
		return -1;
	if (setresgid(user->gid, user->gid, user->gid) || setresuid(user->uid, user->uid, user->uid))
		return -1;
	return prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
}

static int
get_capabilities(struct __user_cap_data_struct caps[static _LINUX_CAPABILITY_U32S_3])
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };

	return (int)syscall(SYS_capget, &header, caps);
}

static int
drop_capabilities(const struct reduction *to)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (get_capabilities(caps))
		return -1;
	for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		caps[i].permitted &= (uint32_t)(to->caps >> 32 * i);
		caps[i].effective = caps[i].permitted;
		caps[i].inheritable = 0;
	}
	return (int)syscall(SYS_capset, &header, caps);
}

static int
is_confined(const struct reduction *to)
{
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];
	const struct priv_user *user = to->user;

	if (get_capabilities(caps))
		return -1;
	errno = EPERM;
	for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		if ((caps[i].effective | caps[i].permitted | caps[i].inheritable) & ~(uint32_t)(to->caps >> 32 * i))
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
#ifdef SANITIZERS /* LeakSanitizer traces the process */
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
#else
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

static int
forbid_gains(const struct reduction *to)
{
	(void)to;
	priv_hide(); /* again: a change of the user undoes it */
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

int
priv_keep(const struct priv_user *user, uint64_t caps, const char **step)
{
	static const struct {
		const char *name;
		int (*take)(const struct reduction *to);
	} steps[] = {
		{ "narrow the bounding set", narrow_bounding_set },      { PRIV_STEP_USER, set_ids },
		{ "drop its capabilities", drop_capabilities },          { "set no_new_privs", forbid_gains },
		{ "verify that it has no privilege left", is_confined },
	};
	const struct reduction to = { user, caps };

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		*step = steps[i].name;
		if (steps[i].take(&to))
			return -1;
	}
	return 0;
}

int
priv_drop(const struct priv_user *user, const char **step)
{
	return priv_keep(user, 0, step);
}

/* By number: musl has no such function. */
void
priv_hurry(void)
{
	const struct sched_param none = { .sched_priority = 0 };

	if (!syscall(SYS_sched_setscheduler, 0, SCHED_OTHER | SCHED_RESET_ON_FORK, &none))
		setpriority(PRIO_PROCESS, 0, -20);
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

int
priv_keep_only(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return -1;
	for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++)
		dup2(null, stream);
	if (fd != STDERR_FILENO + 1)
		fd = dup2(fd, STDERR_FILENO + 1);
	priv_close_from(STDERR_FILENO + 2);
	return fd;
}
