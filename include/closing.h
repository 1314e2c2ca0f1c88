/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Doors that open by a command and close by another: runs the start command, keeps the deadline, runs the
 * stop command. The deadline is in the journal before the start command runs, so neither a crash nor a
 * restart nor a reboot leaves a door open.
 */
#ifndef KNOCKD_CLOSING_H
#define KNOCKD_CLOSING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "addr.h"
#include "journal.h"
#include "log.h"

struct closings;

/* At most `max_commands` run at a time. `log` is borrowed. NULL with errno when memory is out. */
struct closings *closings_new(const struct log *log, unsigned max_commands);

/* From here on every deadline is kept in it; borrowed. */
void closings_keep_in(struct closings *closings, struct journal *journal);

/* What an earlier run has left; what is overdue is closed at the next tick. */
void closings_take_up(struct closings *closings, const struct journal_entry *entry);

/*
 * What is not due, or waits for its turn, stays in the journal for the next start. Without a journal it is
 * closed now, since nobody would do it later; this waits for those commands to start, not to end. NULL is legal.
 */
void closings_free(struct closings *closings);

struct opening {
	const char *door; /* its name */
	struct addr ip;
	const char *who;   /* the knocker as the log shall call them */
	const char *start; /* expanded */
	const char *stop;  /* expanded; NULL: there is none */
	int64_t	    seconds; /* from the end of the start command to the stop command; negative: never */
};

/* Runs the start command; everything is copied. */
void closings_run(struct closings *closings, const struct opening *opening);

/* A child has ended. False when it was none of ours. */
bool closings_reaped(struct closings *closings, pid_t pid, int status);

/* Runs what is due now; and when the next is, in ms of CLOCK_BOOTTIME (UINT64_MAX: never). */
void closings_tick(struct closings *closings, uint64_t now);
uint64_t closings_next(const struct closings *closings);

#endif
