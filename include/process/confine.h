/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What engine and courier do alike to become what they are: a process with two or three descriptors, no privilege and
 * no files. A failure is logged, and ends the process with status 1.
 */
#ifndef KNOCKD_CONFINE_H
#define KNOCKD_CONFINE_H

#include <stddef.h>

#include "lib/log.h"
#include "process/priv.h"

struct confine {
	const char *role; /* for messages: "engine" */
	const struct priv_user *user;
	const struct log *log;
	const char *root; /* becomes the root directory, and the working one; NULL: an empty one, which is gone */
	unsigned files;   /* as in cage_limits() */
};

/* Ignores the signals that the parent handles: this process ends at end of file. */
void confine_signals(void);

/* Moves the `n` descriptors to 3, 4, ... and closes all others above the standard streams. */
void confine_descriptors(const struct confine *confine, int *fds, size_t n);

/*
 * Standard input and output become /dev/null; then leaves the file system, drops all privileges and limits its
 * resources. What needs files must be done before. The filter of system calls is the caller's, and so is standard
 * error, which messages go to.
 */
void confine_process(const struct confine *confine);

/* Logs "ROLE: could not STEP: reason" and ends the process. */
_Noreturn void confine_refuse(const struct confine *confine, const char *step);

#endif
