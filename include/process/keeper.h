/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stays root when the daemon does not: a process that does three things, on files that were named before, when
 * it is told a word of one byte. It reads nothing else, least of all what is in those files, and has no capability
 * but the one to open them whoever owns them (CAP_DAC_OVERRIDE).
 */
#ifndef KNOCKD_KEEPER_H
#define KNOCKD_KEEPER_H

#include <stdbool.h>
#include <sys/types.h>

struct keeper_files {
	const char *config;         /* to be read */
	const char *log;            /* to be appended to, and made if it is not there; NULL: none, as below */
	const char *pid_file;       /* to be removed if it is still the one that was there at the start */
	const char *control_socket; /* likewise */
};

struct keeper;

/* Forks it; to be called as root. It ends with the caller. NULL with errno. */
struct keeper *keeper_start(const struct keeper_files *files);

/*
 * A new descriptor, close-on-exec, or -1 with errno; EPIPE: it has ended. The log file is opened as log_make_file()
 * does.
 */
int keeper_open_config(struct keeper *keeper);
int keeper_open_log(struct keeper *keeper);

/* Is this the log file that it opens? */
bool keeper_knows_log(const struct keeper *keeper, const char *path);

/* A child has ended. True when it was the keeper; NULL is legal: it was not. */
bool keeper_reaped(struct keeper *keeper, pid_t pid);
bool keeper_lives(const struct keeper *keeper);

/* Removes pid file and control socket. */
void keeper_remove(struct keeper *keeper);

/* Ends it, and waits until it has. NULL is legal. */
void keeper_stop(struct keeper *keeper);

#endif
