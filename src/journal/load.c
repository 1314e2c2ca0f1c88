/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/trust.h"
#include "record.h"

/* More than the longest line: a command of 4095 bytes and a door's name of 127, each byte as %XX, and some numbers. */
#define LINE_LEN_MAX 16384

/* Of a file that another user writes: more than a million grants take. */
#define SIZE_OTHERS_MAX (1L << 29)

struct loading {
	struct live_table *live;
	struct journal_damage *damage;
	const char *boot;
	struct moment now;
	bool same_boot;
	int error; /* errno of a failure to read; 0 for damaged lines */
};

/* A wall clock that went back over the reboot must not prolong the access. */
static int64_t
end_of(const struct loading *reading, const struct record *record)
{
	int64_t left = record->end.wall_ms - reading->now.wall_ms;

	if (reading->same_boot)
		return record_bounded(record->end.boot_ms);
	if (left > record->left_ms)
		left = record->left_ms;
	return record_bounded(reading->now.boot_ms + left);
}

static bool
makes_sense(struct loading *reading, const char *rest)
{
	struct journal_entry entry;
	char *copy = strdup(rest);
	int result = copy ? record_unpack(&entry, copy) : -1;

	if (!copy)
		reading->error = ENOMEM;
	free(copy);
	return !result;
}

static int
take_add(struct loading *reading, const struct record *record)
{
	char *rest;

	if (record->id < reading->live->next_id || !makes_sense(reading, record->rest))
		return -1;
	rest = strdup(record->rest);
	reading->live->next_id = record->id;
	if (rest && live_add(reading->live, end_of(reading, record), rest))
		return 0;
	reading->error = ENOMEM;
	free(rest);
	return -1;
}

/* An id whose add line was lost must not be used again either. */
static struct live *
find(struct loading *reading, uint64_t id)
{
	if (id >= reading->live->next_id)
		reading->live->next_id = id + 1;
	return live_find(reading->live, id);
}

static int
take_record(struct loading *reading, const struct record *record)
{
	struct live *live;

	switch (record->verb) {
	case RECORD_JOURNAL:
		if (record->id != RECORD_VERSION)
			reading->damage->version = record->id;
		reading->same_boot = !strcmp(record->rest, reading->boot) && strcmp(reading->boot, "-");
		break;
	case RECORD_ADD:
		return take_add(reading, record);
	case RECORD_MOVE:
		live = find(reading, record->id);
		if (live)
			live->end_ms = end_of(reading, record);
		break;
	case RECORD_END:
		live = find(reading, record->id);
		if (live)
			live_end(reading->live, live);
		break;
	}
	return 0;
}

static void
take_line(struct loading *reading, char *line, size_t len)
{
	struct record record;

	reading->damage->torn = line[len - 1] != '\n';
	if (reading->damage->torn)
		return;
	line[len - 1] = '\0';
	if (!record_read(&record, line, len - 1) && !take_record(reading, &record))
		reading->damage->good++;
	else
		reading->damage->damaged++;
}

/* Of a longer line, which no journal has, the first bytes with its end: their sum is another. 0: there is none. */
static size_t
read_line(FILE *file, char line[static LINE_LEN_MAX])
{
	size_t n = 0;
	int c = 0;

	while (c != '\n' && (c = getc_unlocked(file)) != EOF) {
		if (n < LINE_LEN_MAX - 1)
			n++;
		line[n - 1] = (char)c;
	}
	return n;
}

static void
read_lines(struct loading *reading, FILE *file)
{
	char line[LINE_LEN_MAX];
	size_t len;

	errno = 0;
	while (!reading->error && !reading->damage->version && (len = read_line(file, line)))
		take_line(reading, line, len);
	if (ferror(file))
		reading->error = errno ? errno : EIO;
}

/* 0, or errno's value. */
static int
judge(int fd, uid_t owner, const char **distrust)
{
	struct stat st;

	if (fstat(fd, &st))
		return errno;
	if (!S_ISREG(st.st_mode))
		return EINVAL;
	if (trust_of(fd, owner, distrust) == TRUST_NONE)
		return EPERM;
	*distrust = NULL;
	return owner != geteuid() && st.st_size > SIZE_OTHERS_MAX ? EFBIG : 0;
}

static FILE *
open_file(int dir_fd, const char *name, uid_t owner, const char **distrust)
{
	/* O_NONBLOCK: a FIFO put there must not stop the daemon */
	int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), error;
	FILE *file = NULL;

	if (fd < 0)
		return NULL;
	errno = judge(fd, owner, distrust);
	if (!errno)
		file = fdopen(fd, "r");
	if (!file) {
		error = errno;
		close(fd);
		errno = error;
	}
	return file;
}

int
load_journal(int dir_fd, const char *name, uid_t owner, const char *boot, struct live_table *live,
	     struct journal_damage *damage)
{
	struct loading reading = { .live = live, .damage = damage, .boot = boot, .now = moment_now() };
	FILE *file;

	*damage = (struct journal_damage){ 0 };
	file = open_file(dir_fd, name, owner, &damage->distrust);
	if (!file)
		return errno == ENOENT ? 0 : -1;
	read_lines(&reading, file);
	fclose(file);
	errno = reading.error;
	return reading.error ? -1 : 0;
}
