/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A line on the terminal that tells what takes longer than a second. A child prints it, as the work itself may be in
 * one long call. Whoever uses it must print nothing before the end.
 */
#ifndef KNOCKD_CTL_PROGRESS_H
#define KNOCKD_CTL_PROGRESS_H

#include <sys/types.h>

struct ctl_progress {
	int fd;    /* -1: standard error is no terminal, and all of this does nothing */
	pid_t pid; /* the child */
};

void ctl_progress_begin(struct ctl_progress *progress);

/* From now on it is this: "reading /etc/knockd.conf". Texts are cut at 60 bytes. */
void ctl_progress_say(const struct ctl_progress *progress, const char *what);

/* Takes the line away. */
void ctl_progress_end(struct ctl_progress *progress);

#endif
