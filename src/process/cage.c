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
 * No path is an empty, protected directory on all systems, and another process could fill a new one; it
 * cannot fill a removed one.
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
	/* the first that is writable: in a container, a user namespace or a read-only system not all are */
	static const char *const parents[] = { "/run", "/tmp", "/dev/shm" };

	for (size_t i = 0; i < sizeof(parents) / sizeof(parents[0]); i++)
		if (!enter_nowhere(parents[i]))
			return chroot(".") || chdir("/") ? -1 : 0;
	return -1;
}

#if defined(HAVE_LINUX_LANDLOCK_H) && defined(SYS_landlock_restrict_self)

/* All rights of Landlock's first version, known to each later one. No rule grants any of them. */
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
#ifndef SANITIZERS /* sanitizers report on standard error, which may be a file */
	if (set_limit(RLIMIT_FSIZE, 0))
		return -1;
#endif
	return 0;
}

/* ---- system calls ------------------------------------------------------------------------------ */

#ifdef HAVE_SECCOMP

/* A permitted system call; if `argument` is set, that argument must have this value. */
struct permission {
	const char *name;
	int argument; /* its index; -1: any arguments */
	scmp_datum_t value;
};

/* Skips a name that this architecture or libseccomp does not have: libc does not use it either. */
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
		{ "ppoll", -1, 0 }, /* libc's poll() on architectures without poll(2); *_time64 and *64: 32-bit */
		{ "ppoll_time64", -1, 0 },
		{ "recvmmsg", 0, (scmp_datum_t)in },
		{ "recvmmsg_time64", 0, (scmp_datum_t)in },
		{ "sendto", 0, (scmp_datum_t)out },
		{ "send", 0, (scmp_datum_t)out },
		{ "clock_gettime", -1, 0 }, /* if the vDSO cannot answer */
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
	/* not released: free(3) may return memory to the kernel, which the filter forbids */
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
