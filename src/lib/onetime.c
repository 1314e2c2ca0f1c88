/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h" /* mkostemp */

#include "lib/onetime.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/replace.h"
#include "lib/text.h"
#include "lib/trust.h"
#include "lib/writeall.h"

/* Reads the file line by line; `seq` is the sequence of the line at `offset`. */
struct scan {
	FILE *file;
	char *text; /* getline(3)'s buffer */
	size_t room;
	unsigned long line;
	off_t offset; /* of the line's first byte */
	off_t next;   /* of the next line's first byte */
	char first;   /* the line's first byte */
	struct seq seq;
};

static bool
is_trusted(int fd, onetime_report *report, void *arg)
{
	const char *text;
	enum trust trust = trust_of(fd, geteuid(), &text);

	if (text && report)
		report(arg, 0, text);
	return trust != TRUST_NONE;
}

static int
scan_open(struct scan *scan, const char *path, int flags, onetime_report *report, void *arg)
{
	struct stat st;
	/* O_NONBLOCK: a FIFO put there must not stop the daemon */
	int fd = open(path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	*scan = (struct scan){ .file = NULL };
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode))
		errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
	else if (!is_trusted(fd, report, arg))
		errno = EPERM;
	else
		scan->file = fdopen(fd, "r"); /* for reading; writes use the descriptor */
	if (!scan->file) {
		int saved = errno;

		close(fd);
		errno = saved;
		return -1;
	}
	return 0;
}

static void
scan_close(struct scan *scan)
{
	int saved = errno;

	free(scan->text);
	fclose(scan->file);
	errno = saved;
}

static const char *
reason_of(enum seq_fault fault)
{
	switch (fault) {
	case SEQ_TOO_MANY:
		return "too many ports in knock sequence";
	case SEQ_NO_PROTOCOL:
		return "unknown protocol in knock sequence";
	case SEQ_NO_PORT:
	case SEQ_BACKWARDS:
	case SEQ_NOT_LAST:
	case SEQ_NO_ROOM:
		break;
	}
	return "not a list of ports from 1 to 65535";
}

/* NULL: a sequence. "": empty or commented out. Otherwise the reason to skip the line. */
static const char *
judge(struct scan *scan, size_t len)
{
	struct seq_error error;
	char *text;

	if (strlen(scan->text) != len)
		return "contains a NUL byte";
	text = text_trim(scan->line == 1 ? text_skip_mark(scan->text) : scan->text);
	if (!*text || *text == '#')
		return "";
	if (seq_parse(&scan->seq, text, &error))
		return reason_of(error.fault);
	return NULL;
}

/* Goes to the next sequence. Returns false at the end of the file or, with errno set, on an error. */
static bool
scan_next(struct scan *scan, onetime_report *report, void *arg)
{
	ssize_t len;

	errno = 0;
	while ((len = getline(&scan->text, &scan->room, scan->file)) > 0) {
		const char *reason;

		scan->line++;
		scan->offset = scan->next;
		scan->next += len;
		scan->first = *scan->text;
		reason = judge(scan, (size_t)len);
		if (!reason)
			return true;
		if (*reason && report)
			report(arg, scan->line, reason);
		errno = 0;
	}
	return false;
}

ssize_t
onetime_read(const char *path, struct onetime *to, size_t max, onetime_report *report, void *arg)
{
	struct scan scan;
	ssize_t n = 0;

	if (scan_open(&scan, path, O_RDONLY, report, arg))
		return -1;
	for (; scan_next(&scan, report, arg); n++) {
		if ((size_t)n < max)
			to[n] = (struct onetime){ .seq = scan.seq, .line = scan.line };
	}
	if (errno)
		n = -1;
	scan_close(&scan);
	return n;
}

static int
scan_find(struct scan *scan, const struct seq *seq)
{
	while (scan_next(scan, NULL, NULL)) {
		if (seq_equal(&scan->seq, seq))
			return 0;
	}
	if (!errno)
		errno = ESTALE;
	return -1;
}

/* Is the open file still the one at `path`? If not, a mark in it is lost. */
static int
still_there(int fd, const char *path)
{
	struct stat ours, theirs;

	if (fstat(fd, &ours))
		return -1;
	if (stat(path, &theirs) || ours.st_dev != theirs.st_dev || ours.st_ino != theirs.st_ino) {
		errno = ESTALE;
		return -1;
	}
	return 0;
}

static int
mark_in_place(int fd, const char *path, off_t offset)
{
	ssize_t n = pwrite(fd, "#", 1, offset);

	if (n != 1) {
		if (n == 0)
			errno = EIO;
		return -1;
	}
	if (fsync(fd)) /* some systems lack fdatasync() */
		return -1;
	return still_there(fd, path);
}

/* Copies `len` bytes from `offset`, all if `len` is negative. */
static int
copy_bytes(int to, int from, off_t offset, off_t len)
{
	char buf[4096];

	while (len) {
		size_t want = len < 0 || len > (off_t)sizeof(buf) ? sizeof(buf) : (size_t)len;
		ssize_t n = pread(from, buf, want, offset);

		if (n < 0)
			return -1;
		if (n == 0)
			break;
		if (writeall(to, buf, (size_t)n))
			return -1;
		offset += n;
		if (len > 0)
			len -= n;
	}
	return 0;
}

/* A daemon that runs as root needs fchown; any other is the owner already. Mode last: fchown clears bits. */
static int
copy_owner(int to, int from)
{
	struct stat st;

	if (fstat(from, &st) || fchown(to, st.st_uid, st.st_gid))
		return -1;
	return fchmod(to, st.st_mode & 07777);
}

static int
write_marked(int to, int from, off_t offset)
{
	if (copy_owner(to, from) || copy_bytes(to, from, 0, offset))
		return -1;
	if (writeall(to, "#", 1) || copy_bytes(to, from, offset, -1))
		return -1;
	return fsync(to);
}

static int
replace(int fd, const char *path, off_t offset)
{
	char temp[PATH_MAX + 16];
	int to, err = 0;

	snprintf(temp, sizeof(temp), "%s.XXXXXX", path);
	to = mkostemp(temp, O_CLOEXEC);
	if (to < 0)
		return -1;
	if (write_marked(to, fd, offset) || still_there(fd, path) || replace_by(temp, path))
		err = errno;
	close(to);
	if (err) {
		unlink(temp);
		errno = err;
	}
	return err ? -1 : 0;
}

/* Replaces a symbolic link's target, not the link. */
static int
mark_by_rewrite(int fd, const char *path, off_t offset)
{
	char *real = realpath(path, NULL);
	int rc, saved;

	if (!real)
		return -1;
	rc = replace(fd, real, offset);
	saved = errno;
	free(real);
	errno = saved;
	return rc;
}

int
onetime_mark(const char *path, const struct seq *seq)
{
	struct scan scan;
	int rc;

	if (scan_open(&scan, path, O_RDWR, NULL, NULL))
		return -1;
	rc = scan_find(&scan, seq);
	if (rc == 0 && isspace((unsigned char)scan.first))
		rc = mark_in_place(fileno(scan.file), path, scan.offset);
	else if (rc == 0)
		rc = mark_by_rewrite(fileno(scan.file), path, scan.offset);
	scan_close(&scan);
	return rc;
}

static int
directory_writable(const char *path)
{
	char *real = realpath(path, NULL);
	int rc = real ? faccessat(AT_FDCWD, dirname(real), W_OK | X_OK, AT_EACCESS) : -1;

	free(real);
	return rc;
}

int
onetime_check(const char *path, const struct seq *seq)
{
	struct scan scan;
	int rc;

	if (scan_open(&scan, path, O_RDWR, NULL, NULL))
		return -1;
	rc = scan_find(&scan, seq);
	if (rc == 0 && !isspace((unsigned char)scan.first))
		rc = directory_writable(path);
	scan_close(&scan);
	return rc;
}
