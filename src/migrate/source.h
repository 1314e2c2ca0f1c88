/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A configuration as lines, with the places of the keys that are about commands. */
#ifndef KNOCKD_SOURCE_H
#define KNOCKD_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"

enum source_key {
	SOURCE_START,
	SOURCE_START_6,
	SOURCE_STOP,
	SOURCE_STOP_6,
	SOURCE_CMD_TIMEOUT,
	SOURCE_KEYS,
};

struct source_line {
	const char *text; /* with its line end, if it has one */
	size_t len;
};

struct source_place {
	size_t line;       /* from 0 */
	const char *value; /* NULL: the door has no such key */
	size_t n;          /* how often it has it; line and value are the last one's */
};

struct source_door {
	struct source_place keys[SOURCE_KEYS];
};

struct source {
	char *text;
	size_t len;
	struct source_line *lines;
	size_t n_lines;
	struct source_door *doors; /* in the order of the file, as in struct conf */
	size_t n_doors;
};

/* 0, or -1 with errno; EFBIG: a line is longer than the parser takes at once. */
int source_read(struct source *source, const char *path, struct arena *arena);

#endif
