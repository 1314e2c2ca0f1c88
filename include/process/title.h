/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names a child process, so that ps(1) and top(1) tell it from the daemon that has forked it. */
#ifndef KNOCKD_TITLE_H
#define KNOCKD_TITLE_H

/*
 * "knockd-ROLE" as the process's name (ps -e, at most 15 bytes) and "knockd: ROLE" in the place of its command line
 * (ps -f), which is only overwritten if it has room: strings of argv are then no longer valid. Needs /proc; ignores
 * errors.
 */
void title_set(const char *role);

#endif
