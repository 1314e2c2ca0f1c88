/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "lib/trust.h"

#define LOG_FILE_MODE 0640
#define STAMP_MAX     32
#define LINE_MAX_LEN  (STAMP_MAX + LOG_TEXT_MAX)
#define HELD_MAX      PIPE_BUF /* write(2) of this size to a FIFO is atomic; one line is shorter */

/* Whole lines that are not written yet. */
struct log_lines {
	bool holding;
	char stamp[STAMP_MAX]; /* shared by all held lines; "": not made yet */
	size_t used;
	char text[HELD_MAX];
};

void
log_init(struct log *log)
{
	*log = (struct log){ .file = -1 };
}

/* systemd makes /dev/log this link. Elsewhere a syslog daemon listens there, and the journal may not get its lines. */
static bool
is_syslog_the_journal(void)
{
	char path[64];
	ssize_t len = readlink("/dev/log", path, sizeof(path) - 1);

	if (len < 0)
		return false;
	path[len] = '\0';
	return !strcmp(path, "/run/systemd/journal/dev-log");
}

/* $JOURNAL_STREAM has device and inode of the stream that systemd has connected to the journal, see systemd.exec(5). */
static bool
is_journal(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 && !fstat(fd, &st) && st.st_dev == dev &&
	       st.st_ino == ino;
}

void
log_open_syslog(struct log *log, int facility)
{
	bool same = is_syslog_the_journal();

	openlog("knockd", 0, facility);
	log->to_syslog = true;
	log->out_is_syslog = same && is_journal(STDOUT_FILENO);
	log->err_is_syslog = same && is_journal(STDERR_FILENO);
}

static int
open_file(const char *path, int more_flags)
{
	/* O_NONBLOCK: a FIFO with a slow reader, or without one, must not stop the daemon */
	int flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | more_flags;

	return open(path, flags | (trust_place(path, geteuid()) ? 0 : O_NOFOLLOW), LOG_FILE_MODE);
}

int
log_make_file(const char *path)
{
	return open_file(path, O_CREAT);
}

int
log_try_file(const char *path)
{
	const char *slash = strrchr(path, '/');
	int fd = open_file(path, 0), failed;
	char *dir;

	if (fd >= 0)
		return close(fd);
	if (errno != ENOENT)
		return -1;
	dir = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	failed = dir ? access(dir, W_OK | X_OK) : -1;
	free(dir);
	return failed;
}

void
log_use_file(struct log *log, int fd)
{
	log_close_file(log);
	log->file = fd;
}

int
log_open_file(struct log *log, const char *path)
{
	int fd = log_make_file(path);

	if (fd < 0)
		return -1;
	log_use_file(log, fd);
	return 0;
}

/* Ignores errors: a full disk or FIFO must not stop the daemon, and there is no place to report it. */
static void
append(const struct log *log, const char *lines, size_t len)
{
	ssize_t written = write(log->file, lines, len);

	(void)written;
}

static void
write_held(const struct log *log)
{
	if (log->held && log->held->used && log->file >= 0)
		append(log, log->held->text, log->held->used);
	if (log->held)
		log->held->used = 0;
}

/* Out of memory: each line is written by itself. */
void
log_hold(struct log *log)
{
	if (!log->held)
		log->held = calloc(1, sizeof(*log->held));
	if (!log->held)
		return;
	log->held->holding = true;
	log->held->stamp[0] = '\0';
}

void
log_release(struct log *log)
{
	write_held(log);
	if (log->held)
		log->held->holding = false;
}

void
log_close_file(struct log *log)
{
	write_held(log);
	if (log->file >= 0)
		close(log->file);
	log->file = -1;
}

void
log_close(struct log *log)
{
	if (log->to_syslog)
		closelog();
	log_close_file(log);
	free(log->held);
	log_init(log);
}

static int
make_stamp(char stamp[static STAMP_MAX])
{
	time_t now = time(NULL);
	struct tm tm;

	return localtime_r(&now, &tm) && strftime(stamp, STAMP_MAX, "[%Y-%m-%d %H:%M] ", &tm) ? 0 : -1;
}

/* Returns the line's length. */
static size_t
make_line(char line[static LINE_MAX_LEN], const char *stamp, const char *text)
{
	char *end = stpcpy(line, stamp);
	size_t len = strnlen(text, LOG_TEXT_MAX - 1);

	memcpy(end, text, len);
	end += len;
	*end++ = '\n';
	return (size_t)(end - line);
}

static void
hold(const struct log *log, const char *text)
{
	struct log_lines *held = log->held;

	if (!*held->stamp && make_stamp(held->stamp))
		return;
	if (held->used + LINE_MAX_LEN > sizeof(held->text))
		write_held(log);
	held->used += make_line(held->text + held->used, held->stamp, text);
}

/* One write(2) for whole lines, so that lines of two writers never mix. */
static void
write_file(const struct log *log, const char *text)
{
	char stamp[STAMP_MAX], line[LINE_MAX_LEN];

	if (log->held && log->held->holding)
		hold(log, text);
	else if (!make_stamp(stamp))
		append(log, line, make_line(line, stamp, text));
}

static void
write_stream(const struct log *log, FILE *stream, const char *text)
{
	if (log->detached)
		return;
	fprintf(stream, "%s\n", text);
	fflush(stream);
}

static void
write_logs(const struct log *log, int priority, const char *text)
{
	if (log->to_syslog)
		syslog(priority, "%s", text);
	if (log->file >= 0)
		write_file(log, text);
}

static void
let_hear(const struct log *log, enum log_tone tone, const char *text)
{
	if (log->listener)
		log->listener(log->listener_arg, tone, text);
}

static void
note(const struct log *log, enum log_tone tone, const char *text)
{
	write_logs(log, LOG_NOTICE, text);
	if (log->verbose && !log->out_is_syslog)
		write_stream(log, stdout, text);
	let_hear(log, tone, text);
}

static void __attribute__((format(printf, 3, 0)))
note_formatted(const struct log *log, enum log_tone tone, const char *fmt, va_list ap)
{
	char text[LOG_TEXT_MAX];
	int saved = errno;

	if (!log)
		return;
	vsnprintf(text, sizeof(text), fmt, ap);
	note(log, tone, text);
	errno = saved;
}

void
log_notice(const struct log *log, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	note_formatted(log, LOG_TONE_NOTICE, fmt, ap);
	va_end(ap);
}

void
log_private(const struct log *log, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	note_formatted(log, LOG_TONE_PRIVATE, fmt, ap);
	va_end(ap);
}

void
log_knock(const struct log *log, const char *text)
{
	int saved = errno;

	if (log)
		note(log, LOG_TONE_KNOCK, text);
	errno = saved;
}

static void __attribute__((format(printf, 4, 0)))
say(const struct log *log, bool wanted, FILE *stream, const char *fmt, va_list ap)
{
	char text[LOG_TEXT_MAX * 4];
	int saved = errno;

	if (!log || !wanted)
		return;
	vsnprintf(text, sizeof(text), fmt, ap);
	write_stream(log, stream, text);
	if (stream == stderr)
		let_hear(log, LOG_TONE_HINT, text);
	errno = saved;
}

void
log_verbose(const struct log *log, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(log, log && log->verbose, stdout, fmt, ap);
	va_end(ap);
}

void
log_debug(const struct log *log, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(log, log && log->debug, stdout, fmt, ap);
	va_end(ap);
}

void
log_stderr(const struct log *log, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(log, true, stderr, fmt, ap);
	va_end(ap);
}

static void __attribute__((format(printf, 3, 0)))
complain(const struct log *log, const char *reason, const char *fmt, va_list ap)
{
	char text[LOG_TEXT_MAX];
	int saved = errno, len;

	if (!log)
		return;
	len = vsnprintf(text, sizeof(text), fmt, ap);
	if (reason && len >= 0 && (size_t)len < sizeof(text))
		snprintf(text + len, sizeof(text) - (size_t)len, ": %s", reason);
	if (!log->err_is_syslog)
		write_stream(log, stderr, text);
	write_logs(log, LOG_WARNING, text);
	let_hear(log, LOG_TONE_WARNING, text);
	errno = saved;
}

void
log_warn(const struct log *log, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(log, strerror(errno), fmt, ap);
	va_end(ap);
}

void
log_warnx(const struct log *log, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(log, NULL, fmt, ap);
	va_end(ap);
}
