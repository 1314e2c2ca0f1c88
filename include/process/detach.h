/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Becoming a daemon without hiding a failed start: the process that was started waits for its child, and
 * ends with status 0 if the child is ready, otherwise 1.
 */
#ifndef KNOCKD_DETACH_H
#define KNOCKD_DETACH_H

/*
 * Forks. The child alone returns, in a session of its own, still with the terminal's streams, and gets a
 * descriptor for detach_finish(); -1 with errno if the fork failed. If the child ends before detach_finish(),
 * the waiting process ends with status 1.
 */
int detach_begin(void);

/* Standard streams become /dev/null, the directory becomes "/", and the waiting process ends with status 0. */
void detach_finish(int fd);

#endif
