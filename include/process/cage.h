/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is taken from a process that strangers talk to, besides its privilege: files, new descriptors and
 * processes, and every system call that it does not need. For good: there is no way back.
 */
#ifndef KNOCKD_CAGE_H
#define KNOCKD_CAGE_H

#include <stdbool.h>

/*
 * Makes an empty directory the root that this process sees. It is removed before it is entered, so nobody
 * can ever put anything into it, and nothing is left to clean up. Needs CAP_SYS_CHROOT. 0, or -1 with errno.
 */
int cage_root(void);

/*
 * For who may not have a root directory of its own: no file of any directory can be opened, made, executed or
 * removed. By Landlock; needs no_new_privs. 0, or -1 with errno where the kernel has none.
 */
int cage_files(void);

/*
 * No new process, no byte into a file, no core dump, and no descriptor with a number of `files` or above;
 * poll(2) refuses to wait for more than `files`. What is open stays open. 0, or -1 with errno.
 */
int cage_limits(unsigned files);

/*
 * From now on this process may wait with poll(2), receive with recvmmsg(2) from the socket `in`, send with
 * send(2) to the one that `out` is connected to, ask for the time, close standard error, and end. Anything
 * else kills it. Needs no_new_privs. 0, or -1 with errno; also 0 in a build without seccomp.
 */
int cage_filter(int in, int out);

/* Is there such a filter in this build? */
bool cage_has_filter(void);

#endif
