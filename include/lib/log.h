/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages to syslog, the log file, standard output (-v) and standard error. They preserve errno.
 * A NULL logger drops them, as unit tests want.
 */
#ifndef KNOCKD_LOG_H
#define KNOCKD_LOG_H

#include <stdbool.h>

#define LOG_TEXT_MAX 1024 /* one message with its NUL, as in knockd 0.8; a longer one is cut */

enum log_tone {
	LOG_TONE_KNOCK,   /* log_knock() */
	LOG_TONE_NOTICE,  /* log_notice() */
	LOG_TONE_HINT,    /* log_stderr() */
	LOG_TONE_WARNING, /* log_warn(), log_warnx() */
	LOG_TONE_PRIVATE, /* log_private() */
};

/* Gets every finished message of these tones, even without any channel. It must not log. */
typedef void log_listener(void *arg, enum log_tone tone, const char *text);

struct log_lines;

struct log {
	bool to_syslog;
	int file;               /* append-only descriptor or -1 */
	bool verbose;           /* log_notice and log_verbose also on standard output */
	bool debug;             /* log_debug on standard output */
	bool detached;          /* no terminal: nothing goes to stdout and stderr */
	bool out_is_syslog;     /* stdout leads to the journal, and syslog too: lines for both go to syslog alone */
	bool err_is_syslog;     /* the same for stderr */
	log_listener *listener; /* may be NULL */
	void *listener_arg;
	struct log_lines *held; /* lines for the file; NULL: log_hold() was never called */
};

/* A logger with no channel but standard error. */
void log_init(struct log *log);

/* Opens syslog with the identifier "knockd" and the facility (LOG_DAEMON, ...). */
void log_open_syslog(struct log *log, int facility);

/*
 * Opens the file for appending, mode 0640, close-on-exec; replaces an open one. 0, or -1 with errno; ELOOP: a
 * symbolic link in a directory that other users can write to; ENXIO: a FIFO without a reader. Lines that a full FIFO
 * cannot take are dropped.
 */
int log_open_file(struct log *log, const char *path);

/* The same in two steps: the keeper opens the file (a descriptor, or -1 with errno), the daemon uses it. */
int log_make_file(const char *path);
void log_use_file(struct log *log, int fd);

/* Could the file be opened? Makes none. 0, or -1 with errno. */
int log_try_file(const char *path);
void log_close_file(struct log *log); /* does nothing when none is open */
void log_close(struct log *log);

/*
 * From log_hold() to log_release() lines for the file are collected and written many at a time, with the time of the
 * first: for a caller that logs many lines without sleeping.
 */
void log_hold(struct log *log);
void log_release(struct log *log);

/* Status lines: syslog at NOTICE, the file with its "[YYYY-MM-DD HH:MM] " stamp, stdout with -v. */
void log_notice(const struct log *log, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same for a finished line about a knock, shorter than LOG_TEXT_MAX; listeners get the event elsewhere. */
void log_knock(const struct log *log, const char *text);

/* As log_notice(), about packets that have opened nothing: a listener may tell root alone, or ports could be found out.
 */
void log_private(const struct log *log, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Standard output only, with -v. */
void log_verbose(const struct log *log, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Standard output only, with -D. */
void log_debug(const struct log *log, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Standard error only, for an admin at a terminal. */
void log_stderr(const struct log *log, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Warnings: stderr, syslog at WARNING, the file. log_warn adds ": " and strerror(errno). */
void log_warn(const struct log *log, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_warnx(const struct log *log, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
