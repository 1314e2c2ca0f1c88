/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process that stays root when the daemon drops it. On a command of one byte it opens, replaces or removes one of the
 * files that were named at its start. It reads nothing but these commands, not even the files, and has one capability:
 * CAP_DAC_OVERRIDE, to open files of any owner.
 */
#ifndef KNOCKD_KEEPER_H
#define KNOCKD_KEEPER_H

#include <stdbool.h>
#include <sys/types.h>

#define KEEPER_OTHERS 8

struct keeper_files {
	const char *config;                /* opened for reading */
	const char *guard;                 /* replaced, see lib/replace.h */
	const char *log;                   /* opened for appending, made if missing; NULL: none, as below */
	const char *pid_file;              /* removed if it is still the file of the start */
	const char *control_socket;        /* likewise */
	const char *others[KEEPER_OTHERS]; /* opened for reading; NULL: none */
};

struct keeper;

/* Forks the keeper; to be called as root. It ends with the caller. NULL with errno. */
struct keeper *keeper_start(const struct keeper_files *files);

/*
 * A new descriptor, close-on-exec, or -1 with errno; EPIPE: the keeper has ended. log_make_file() opens the log file,
 * replace_begin() the guard.
 */
int keeper_open_config(struct keeper *keeper);
int keeper_open_other(struct keeper *keeper, const char *path); /* EACCES: not one of `others` */
int keeper_open_log(struct keeper *keeper);
int keeper_open_guard(struct keeper *keeper);

/* replace_end() for the guard: 0, or -1 with errno. */
int keeper_put_guard(struct keeper *keeper);

/* Is this the log file that the keeper opens? */
bool keeper_knows_log(const struct keeper *keeper, const char *path);

/* To be called when a child has ended. True if it was the keeper; NULL is legal: false. */
bool keeper_reaped(struct keeper *keeper, pid_t pid);
bool keeper_lives(const struct keeper *keeper);
pid_t keeper_pid(const struct keeper *keeper); /* 0: it has ended, or there is none (NULL) */

/* Removes pid file and control socket. */
void keeper_remove(struct keeper *keeper);

/* Ends the keeper and waits for it. NULL is legal. */
void keeper_stop(struct keeper *keeper);

#endif
