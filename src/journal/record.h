/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The journal's lines as text, each with its own checksum:
 *
 *   SUM journal VERSION BOOT                                     the lines below were written in this boot
 *   SUM add ID END_BOOT END_WALL LEFT KIND ADDRESS DOOR TEXT [SINCE [USER]]     an access begins
 *   SUM move ID END_BOOT END_WALL LEFT                           the end changes
 *   SUM end ID                                                   the access has ended
 *
 * Times are milliseconds. SUM is siphash() of the text after it, without the newline, as 16 hex digits; it
 * guards against accidents, not attackers, so the key is public. SINCE is on the wall clock; missing: unknown. In DOOR,
 * TEXT and USER '%', blanks and control characters are %XX.
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
	int64_t left_ms;   /* time left until `end` when the line was written */
	const char *rest;  /* RECORD_ADD: KIND and all after it; RECORD_JOURNAL: BOOT */
};

/* Grows as needed; start with zeroes, free(text). */
struct record_buf {
	char *text;
	size_t len, size;
};

/* Limits a time of the boot clock to 0..MOMENT_MAX_MSEC, which record_read() accepts. */
int64_t record_bounded(int64_t boot_ms);

/* Appends one line with its newline. 0, or -1 with errno if memory is out; then nothing is appended. */
int record_write(struct record_buf *buf, const struct record *record);

/*
 * Splits a line of `len` bytes without its newline in place; `rest` points into it. 0, or -1 if the sum is
 * wrong or the line is malformed. Of an unknown version only verb and version are meaningful.
 */
int record_read(struct record *record, char *line, size_t len);

/* KIND and all after it of the entry, to be freed. NULL with errno: no memory, or an invalid entry. */
char *record_pack(const struct journal_entry *entry);

/* Reads that text in place: the entry's strings point into `rest`. 0, or -1. */
int record_unpack(struct journal_entry *entry, char *rest);

#endif
