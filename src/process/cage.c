/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "process/cage.h"

#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#ifdef HAVE_LINUX_LANDLOCK_H
#include <linux/landlock.h>
#endif
#ifdef HAVE_SECCOMP
#include <seccomp.h>
#endif

/* ---- files ------------------------------------------------------------------------------------- */

/*
 * No path is empty and closed to everybody on all systems, and one that is kept could be filled; a
 * directory without a name cannot. It is on its way out before root is left: who has no right to remove
 * it again may not have made it either.
 */
static int
enter_nowhere(const char *parent)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/knockd-XXXXXX", parent);
	if (!mkdtemp(path))
		return -1;
	if (chdir(path)) {
		rmdir(path);
		return -1;
	}
	return rmdir(path);
}

int
cage_root(void)
{
	/* whatever of these a read-only system, a container or a user namespace lets us write to */
	static const char *const parents[] = { "/run", "/tmp", "/dev/shm" };

	for (size_t i = 0; i < sizeof(parents) / sizeof(parents[0]); i++)
		if (!enter_nowhere(parents[i]))
			return chroot(".") || chdir("/") ? -1 : 0;
	return -1;
}

#if defined(HAVE_LINUX_LANDLOCK_H) && defined(SYS_landlock_restrict_self)

/* The rights of Landlock's first version, all of which a later one knows. No rule follows that gives one back. */
#define ALL_RIGHTS ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)

int
cage_files(void)
{
	const struct landlock_ruleset_attr all = { .handled_access_fs = ALL_RIGHTS };
	int fd = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof(all), 0), failed;

	if (fd < 0)
		return -1;
	failed = (int)syscall(SYS_landlock_restrict_self, fd, 0);
	close(fd);
	return failed;
}

#else

int
cage_files(void)
{
	errno = ENOSYS;
	return -1;
}

#endif

/* ---- limits ------------------------------------------------------------------------------------ */

static int
set_limit(int resource, rlim_t value)
{
	return setrlimit(resource, &(struct rlimit){ value, value });
}

int
cage_limits(unsigned files)
{
	if (set_limit(RLIMIT_NOFILE, files) || set_limit(RLIMIT_NPROC, 0) || set_limit(RLIMIT_CORE, 0))
		return -1;
#ifndef SANITIZERS /* they complain on standard error, which may be a file */
	if (set_limit(RLIMIT_FSIZE, 0))
		return -1;
#endif
	return 0;
}

/* ---- system calls ------------------------------------------------------------------------------ */

#ifdef HAVE_SECCOMP

/* One argument must have this value; `name` is all that is looked at otherwise. */
struct permission {
	const char *name;
	int argument; /* -1: none is looked at */
	scmp_datum_t value;
};

/* Names that this architecture, or this libseccomp, does not have are no loss: libc does not use them either. */
static int
permit(scmp_filter_ctx filter, const struct permission *p)
{
	int number = seccomp_syscall_resolve_name(p->name), error;
	struct scmp_arg_cmp same = { .arg = (unsigned)p->argument, .op = SCMP_CMP_EQ, .datum_a = p->value };

	if (number == __NR_SCMP_ERROR)
		return 0;
	error = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, p->argument < 0 ? 0 : 1, &same);
	return error == -EDOM ? 0 : error;
}

int
cage_filter(int in, int out)
{
	const struct permission permissions[] = {
		{ "poll", -1, 0 },
		{ "ppoll", -1, 0 }, /* what poll() is where there is no such call, and from here its 32-bit twins */
		{ "ppoll_time64", -1, 0 },
		{ "recvmmsg", 0, (scmp_datum_t)in },
		{ "recvmmsg_time64", 0, (scmp_datum_t)in },
		{ "sendto", 0, (scmp_datum_t)out },
		{ "send", 0, (scmp_datum_t)out },
		{ "clock_gettime", -1, 0 }, /* where the vDSO cannot tell */
		{ "clock_gettime64", -1, 0 },
		{ "close", 0, STDERR_FILENO },
		{ "restart_syscall", -1, 0 }, /* poll() after SIGCONT */
		{ "rt_sigreturn", -1, 0 },
		{ "exit", -1, 0 },
		{ "exit_group", -1, 0 },
	};
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int error = filter ? 0 : -ENOMEM;

	for (size_t i = 0; !error && i < sizeof(permissions) / sizeof(permissions[0]); i++)
		error = permit(filter, &permissions[i]);
	if (!error)
		error = seccomp_load(filter);
	/* not released: free(3) may want to give memory back, and that is forbidden by now */
	errno = -error;
	return error ? -1 : 0;
}

bool
cage_has_filter(void)
{
	return true;
}

#else

int
cage_filter(int in, int out)
{
	(void)in, (void)out;
	return 0;
}

bool
cage_has_filter(void)
{
	return false;
}

#endif
