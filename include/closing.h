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
#include "log.h"

struct closings;

/* At most `max_commands` run at a time. `log` is borrowed. NULL with errno when memory is out. */
struct closings *closings_new(const struct log *log, unsigned max_commands);

/*
 * Opens the journal in `dir` and takes up what an earlier run left: what is overdue is closed at the next
 * tick. Without a journal everything works, but what is open is forgotten at the end: closings_free() then
 * closes it.
 */
void closings_open_journal(struct closings *closings, const char *dir);

/*
 * What is not due stays in the journal for the next start. What is in no journal is closed now, and this
 * waits for those commands to start, not to end. NULL is legal.
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

/*
 * For poll(2): readable when the journal has something to say, which closings_report() then logs. -1: never.
 */
int closings_fd(const struct closings *closings);
void closings_report(struct closings *closings);

/* A child has ended. False when it was none of ours. */
bool closings_reaped(struct closings *closings, pid_t pid, int status);

/* Runs what is due now; and when the next is, in ms of CLOCK_BOOTTIME (UINT64_MAX: never). */
void closings_tick(struct closings *closings, uint64_t now);
uint64_t closings_next(const struct closings *closings);

#endif
