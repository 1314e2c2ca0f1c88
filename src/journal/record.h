/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A line of the journal, as text. Each stands for itself, behind a checksum of its own:
 *
 *   SUM journal VERSION BOOT                                     in which boot the lines below were written
 *   SUM add ID END_BOOT END_WALL LEFT KIND ADDRESS DOOR TEXT [SINCE]     an access begins
 *   SUM move ID END_BOOT END_WALL LEFT                           it ends at another moment
 *   SUM end ID                                                   it is over
 *
 * Times are milliseconds. SUM is siphash() of what stands behind it, without the newline, as 16 hex digits:
 * against accidents, so the key is no secret. SINCE, on the wall clock, may be missing: not known. In DOOR and TEXT
 * '%', blanks and control characters are %XX.
 */
#ifndef KNOCKD_RECORD_H
#define KNOCKD_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "journal/entry.h"

#define RECORD_VERSION 1

enum record_verb {
	RECORD_JOURNAL = 1,
	RECORD_ADD,
	RECORD_MOVE,
	RECORD_END,
};

struct record {
	enum record_verb verb;
	uint64_t id;       /* RECORD_JOURNAL: the version */
	struct moment end; /* RECORD_ADD and RECORD_MOVE */
	int64_t left_ms;   /* ... and how far away it was when that was written */
	const char *rest;  /* RECORD_ADD: KIND and all behind it; RECORD_JOURNAL: BOOT */
};

/* Grows as needed; start with zeroes, free(text). */
struct record_buf {
	char *text;
	size_t len, size;
};

/* A moment of the boot clock that can be written and read: not before the boot, nor beyond MOMENT_MAX_MSEC. */
int64_t record_bounded(int64_t boot_ms);

/* Appends one line with its newline. 0, or -1 with errno when memory is out; nothing is appended then. */
int record_write(struct record_buf *buf, const struct record *record);

/*
 * Reads a line of `len` bytes without its newline, and cuts it up; `rest` points into it. 0, or -1 when
 * the sum is wrong or the line makes no sense. Of a version that is not ours only verb and version count.
 */
int record_read(struct record *record, char *line, size_t len);

/* KIND, ADDRESS, DOOR, TEXT and SINCE of the entry, to be freed. NULL with errno: no memory, or no such entry. */
char *record_pack(const struct journal_entry *entry);

/* The opposite, in place: the entry's strings point into `rest`. 0, or -1. */
int record_unpack(struct journal_entry *entry, char *rest);

#endif
