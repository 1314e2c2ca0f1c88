/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Doors with commands: runs the start command, keeps the deadline, runs the stop command. The deadline is in the
 * journal before the start command runs, so neither a crash nor a restart nor a reboot leaves a door open.
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
#include "lib/network.h"
#include "wire/request.h"

struct closings;

/* At most `max_commands` run at a time. `log` is borrowed. NULL with errno when memory is out. */
struct closings *closings_new(const struct log *log, unsigned max_commands);

/* Keeps every deadline in this journal from now on; borrowed. */
void closings_keep_in(struct closings *closings, struct journal *journal);

/*
 * Takes over an entry of an earlier run, as `door`'s. The latest of the same door and client is the deadline of all; if
 * it is overdue, they are closed at the next tick.
 */
void closings_take_up(struct closings *closings, const char *door, const struct journal_entry *entry);

/*
 * Stop commands that have not started stay in the journal for the next start. Those that are not in the journal run
 * now, those of one access one after another. This reaps children of the process, and returns when the last command has
 * started, or after ten seconds: then it has started all that were waiting. NULL is legal.
 */
void closings_free(struct closings *closings);

struct opening {
	const char *door; /* its name */
	struct addr ip;
	const char *who;   /* the client in log lines, see lookup_who() */
	const char *start; /* expanded */
	const char *stop;  /* expanded; NULL: none */
	const char *user;  /* of a signed knock; NULL: none */
	uint16_t port;     /* asked for by it; 0: none */
	int64_t seconds;   /* from the end of the start command to the stop command; negative: never */
};

/*
 * Runs the start command; everything is copied. If the door is open for this client already, the stop commands that
 * are pending move to the new deadline, unless they are due later: no client is shut out that has just knocked. There
 * are as many stop commands as start commands; those of one door and client run one after another.
 */
void closings_run(struct closings *closings, const struct opening *opening);

/* A child has ended. False: not one of these commands. */
bool closings_reaped(struct closings *closings, pid_t pid, int status);

/* ---- for knockctl ------------------------------------------------------------------------------ */

struct closing_view {
	const char *door;
	const struct addr *ip;
	const char *stop;      /* command */
	int64_t since_wall_ms; /* 0: not known */
	int64_t end_boot_ms;   /* INT64_MAX: no deadline, or the start command is still running */
};

/* False: stop. */
typedef bool closings_visit(void *arg, const struct closing_view *view);

/*
 * Visits at most `max` of the open doors, each once for a client, oldest first. `from` is 0 for the first call, then
 * the previous call's result. Returns 0 when there are no more.
 */
uint64_t closings_each(const struct closings *closings, uint64_t from, size_t max, closings_visit *visit, void *arg);

size_t closings_count(const struct closings *closings);

/* Is there one for an address of this network? */
bool closings_reach(const struct closings *closings, const struct network *network);

/* The number of start commands whose stop command has not ended. */
size_t closings_held(const struct closings *closings);

/*
 * Runs the stop commands of these accesses now, or moves their deadlines by `by_ms`, which may be negative. A stop
 * command never runs before the start command's end. Returns how many; those without a deadline are not extended.
 */
size_t closings_close(struct closings *closings, const struct request_whom *whom);
size_t closings_extend(struct closings *closings, const struct request_whom *whom, int64_t by_ms);

/* ------------------------------------------------------------------------------------------------ */

/* Runs the due stop commands; tells when the next is due, in ms of CLOCK_BOOTTIME (UINT64_MAX: never). */
void closings_tick(struct closings *closings, uint64_t now);
uint64_t closings_next(const struct closings *closings);

#endif
