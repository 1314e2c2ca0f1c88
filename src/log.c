/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define LOG_FILE_MODE 0640
#define LINE_MAX_LEN  (LOG_TEXT_MAX + 32)
#define HELD_MAX      (16 * LINE_MAX_LEN)

/* Whole lines, not written yet. */
struct log_lines {
	bool   holding;
	size_t used;
	char   text[HELD_MAX];
};

void
log_init(struct log *log)
{
	*log = (struct log){ .file = -1 };
}

void
log_open_syslog(struct log *log, int facility)
{
	openlog("knockd", 0, facility);
	log->to_syslog = true;
}

int
log_make_file(const char *path)
{
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, LOG_FILE_MODE);
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

/* A full disk must not stop the daemon, and there is nowhere to say it. */
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

/* Without memory each line is written by itself. */
void
log_hold(struct log *log)
{
	if (!log->held)
		log->held = calloc(1, sizeof(*log->held));
	if (log->held)
		log->held->holding = true;
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

static void
hold(const struct log *log, const char *line, size_t len)
{
	struct log_lines *held = log->held;

	if (held->used + len > sizeof(held->text))
		write_held(log);
	memcpy(held->text + held->used, line, len);
	held->used += len;
}

/* Whole lines by one write(2), so that those of two writers never mix. */
static void
write_file(const struct log *log, const char *text)
{
	char line[LINE_MAX_LEN], stamp[32];
	time_t now = time(NULL);
	struct tm tm;
	int len;

	if (!localtime_r(&now, &tm) || !strftime(stamp, sizeof(stamp), "%Y-%m-%d %H:%M", &tm))
		return;
	len = snprintf(line, sizeof(line), "[%s] %s\n", stamp, text);
	if (log->held && log->held->holding)
		hold(log, line, (size_t)len);
	else
		append(log, line, (size_t)len);
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

static void __attribute__((format(printf, 3, 0)))
note(const struct log *log, enum log_tone tone, const char *fmt, va_list ap)
{
	char text[LOG_TEXT_MAX];
	int saved = errno;

	if (!log)
		return;
	vsnprintf(text, sizeof(text), fmt, ap);
	write_logs(log, LOG_NOTICE, text);
	if (log->verbose)
		write_stream(log, stdout, text);
	let_hear(log, tone, text);
	errno = saved;
}

void
log_notice(const struct log *log, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	note(log, LOG_TONE_NOTICE, fmt, ap);
	va_end(ap);
}

void
log_knock(const struct log *log, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	note(log, LOG_TONE_KNOCK, fmt, ap);
	va_end(ap);
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
