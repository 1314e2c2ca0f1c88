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

#include "journal/journal.h"
#include "lib/addr.h"
#include "lib/log.h"

struct closings;

/* At most `max_commands` run at a time. `log` is borrowed. NULL with errno when memory is out. */
struct closings *closings_new(const struct log *log, unsigned max_commands);

/* From here on every deadline is kept in it; borrowed. */
void closings_keep_in(struct closings *closings, struct journal *journal);

/* What an earlier run has left; what is overdue is closed at the next tick. */
void closings_take_up(struct closings *closings, const struct journal_entry *entry);

/*
 * What is not due, or waits for its turn, stays in the journal for the next start. What is not in
 * there is closed now, since nobody would do it later; this waits for those commands to start, not to end. NULL is
 * legal.
 */
void closings_free(struct closings *closings);

struct opening {
	const char *door; /* its name */
	struct addr ip;
	const char *who;   /* the knocker as the log shall call them */
	const char *start; /* expanded */
	const char *stop;  /* expanded; NULL: there is none */
	int64_t seconds;   /* from the end of the start command to the stop command; negative: never */
};

/* Runs the start command; everything is copied. */
void closings_run(struct closings *closings, const struct opening *opening);

/* A child has ended. False when it was none of ours. */
bool closings_reaped(struct closings *closings, pid_t pid, int status);

/* ---- for whoever looks and steers -------------------------------------------------------------- */

struct closing_view {
	const char *door;
	const struct addr *ip;
	const char *stop;      /* the command that will close it */
	int64_t since_wall_ms; /* 0: an earlier run of the daemon opened it */
	int64_t end_boot_ms;   /* INT64_MAX: it has no end, or its start command is still running */
};

/* False: no more of them. */
typedef bool closings_visit(void *arg, const struct closing_view *view);

/*
 * Shows at most `max` of the doors whose stop command has not begun, oldest first, beginning behind the one that
 * the call before ended with (`from` is 0 at first, then what was returned). Returns 0 when there are no more.
 */
uint64_t closings_each(const struct closings *closings, uint64_t from, size_t max, closings_visit *visit, void *arg);

size_t closings_count(const struct closings *closings);

/*
 * Runs the stop commands of this knocker (NULL: everybody) and this door (NULL: any) now, or `by_ms` later (earlier,
 * when it is negative). Where the start command is still running, the stop command follows at its end. Returns
 * how many; those without an end are not extended.
 */
size_t closings_close(struct closings *closings, const struct addr *ip, const char *door);
size_t closings_extend(struct closings *closings, const struct addr *ip, const char *door, int64_t by_ms);

/* ------------------------------------------------------------------------------------------------ */

/* Runs what is due now; and when the next is, in ms of CLOCK_BOOTTIME (UINT64_MAX: never). */
void closings_tick(struct closings *closings, uint64_t now);
uint64_t closings_next(const struct closings *closings);

#endif
