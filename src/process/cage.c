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
