/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Becoming a daemon without losing what goes wrong: the process that was started waits until its child
 * is up, and ends with the child's status.
 */
#ifndef KNOCKD_DETACH_H
#define KNOCKD_DETACH_H

/*
 * Forks. Only the child returns, in a session of its own, still with the terminal's streams, with a
 * descriptor for detach_finish(); -1 with errno when the fork failed. If the child ends before that, so
 * does the waiting process, with status 1.
 */
int detach_begin(void);

/* Standard streams become /dev/null, the directory "/", and the waiting process ends with status 0. */
void detach_finish(int fd);

#endif
