/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Confines a process that reads what strangers or a server send, for good: no files, no new processes, and only the
 * system calls that it needs. Privileges are dropped by process/priv.h, all of it in the right order by
 * process/confine.h.
 */
#ifndef KNOCKD_CAGE_H
#define KNOCKD_CAGE_H

#include <stdbool.h>

/*
 * Makes an empty directory this process's root. It is removed before chroot(2), so that no process can
 * create a file in it, and nothing is left to clean up. Needs CAP_SYS_CHROOT. 0, or -1 with errno.
 */
int cage_root(void);

/*
 * For a process without CAP_SYS_CHROOT: Landlock forbids it to open, make, execute or remove files in any directory.
 * Needs no_new_privs. 0, or -1 with errno if the kernel has no Landlock.
 */
int cage_files(void);

/*
 * No new process, no byte into a file, no core dump, and no descriptor with a number of `files` or above;
 * poll(2) refuses to wait for more than `files`. Open descriptors stay open. 0, or -1 with errno.
 */
int cage_limits(unsigned files);

/*
 * From now on this process may wait with poll(2), receive with recvmmsg(2) from the socket `in`, send with
 * sendto(2) on the socket `out`, read the clock, close standard error, and end. Any other system call kills it.
 * Both by syscall(2): libc may use socketcall(2) for them, whose descriptor a filter cannot see. No memory may be
 * allocated or freed from here on. Needs no_new_privs. 0, or -1 with errno; also 0 in a build without seccomp.
 */
int cage_filter(int in, int out);

/*
 * The same for the courier, which may also read and write its sockets, connect others (streams of IP or the machine
 * itself), and get memory, but none that is executable. Calls for sockets are by syscall(2), too, see above.
 */
int cage_courier(void);

/* Does this build have seccomp? */
bool cage_has_filter(void);

#endif
