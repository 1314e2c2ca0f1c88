/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Installs table inet knockd, and restores it after another program changed it. */
#ifndef KNOCKD_UPKEEP_H
#define KNOCKD_UPKEEP_H

#include "state.h"

/* 0, or -1 after a log line: another knockd uses the table in this network namespace. */
int upkeep_find_other(struct daemon *d);

/* Does a knockd, or another program, read what the table of this network namespace reports? */
bool upkeep_other_runs(void);

/* Warns of a table of an earlier run that stays, with Rules = none. */
void upkeep_warn_of_leftovers(const struct daemon *d);

/* Installs table inet knockd for `conf`, or removes it with Rules = none. 0, or -1 after a log line. */
int upkeep_install(struct daemon *d, const struct conf *conf);

/* Takes the ruleset events, then restores the table and grants; and the check and restore of the table alone. */
void upkeep_read_monitor(struct daemon *d);
void upkeep_put_back(struct daemon *d);

/*
 * The same if there are such events, and the table is not owned: while a flush has left it without a guard, nothing
 * else is as urgent. Call it before what may take long.
 */
void upkeep_heed(struct daemon *d);

/* After the kernel refused a change: schedules upkeep_put_back(). */
void upkeep_retry_later(struct daemon *d);

#endif
