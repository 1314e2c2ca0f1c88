/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An access as the journal keeps it. */
#ifndef KNOCKD_ENTRY_H
#define KNOCKD_ENTRY_H

#include <stdint.h>

#include "lib/addr.h"
#include "lib/moment.h"

enum journal_kind {
	JOURNAL_COMMAND = 1, /* `text` is the stop command to run, expanded */
	JOURNAL_GRANT,       /* `text` is the element, as element_parse() reads it */
	JOURNAL_COUNTER,     /* the last signed knock of a key: `door` is its user, `text` what access/replay.c needs */
};

/* One access that has not ended. */
struct journal_entry {
	uint64_t id; /* given by journal_add(), never 0, never used twice in one file */
	enum journal_kind kind;
	char *door;     /* its name */
	struct addr ip; /* the knocker */
	char *text;
	char *user;            /* who has knocked with a signature; NULL: another access */
	int64_t since_wall_ms; /* when it began, for `knockctl list`; 0: unknown */
	struct moment end;     /* journal_add() uses boot_ms alone and computes wall_ms when it writes */
};

#endif
