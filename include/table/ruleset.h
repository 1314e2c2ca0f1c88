/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table inet knockd: the rules that send the knock ports' packets, and no others, to the daemon's NFLOG group,
 * and the guard that keeps the ports of `open` shut. Derived from the configuration alone; its nft text and its
 * netlink messages come from one description, so what --print-rules shows is what is installed.
 *
 * The knocks: a chain at prerouting, priority -350: after defragmentation (-400), before raw (-300), so that no
 * drop, notrack or DNAT of the user's hides a knock. An unrelated packet costs a few comparisons, or one
 * look-up in one set where there are many ports. The log prefix tells the engine where the packet was going:
 * CAPTURE_PREFIX_LOCAL for an address of this machine, CAPTURE_PREFIX_TARGET for anything else (a door's Target to be
 * forwarded).
 *
 * The guard: a chain at prerouting, priority -150; src/table/guard_rules.c says why there.
 */
#ifndef KNOCKD_RULESET_H
#define KNOCKD_RULESET_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "conf/conf.h"
#include "conf/guard.h"

#define RULESET_TABLE GUARD_TABLE

/*
 * Writes the table as nft text that `nft -f` loads over an existing one; what is open stays open. Sets of ports
 * that an older configuration had may remain, unused. 0, or -1 with errno.
 */
int ruleset_print(const struct conf *conf, FILE *out);

/*
 * Installs the table in one transaction. An existing one is replaced, whatever is in it, but for the elements
 * of the sets in guard.h as far as this configuration has them. Returns 0, or -1 with errno and, in `err`, one
 * clause that says what the kernel refused.
 */
int ruleset_install(const struct conf *conf, char *err, size_t errlen);

/* Does the table work, with all of its rules, and all ports in its sets? What somebody has added does not matter. */
bool ruleset_intact(const struct conf *conf);

/*
 * Removes what reports knocks, and the whole table if there is no guard in it: what is shut stays shut without
 * a daemon. 0 also when there is no table; -1 with errno.
 */
int ruleset_remove(void);

/*
 * Removes the guard, and the whole table if nothing else is in it: nothing is kept shut any more. The sets of
 * who may pass stay as long as knocks are reported. 0 also when there is none; -1 with errno.
 */
int ruleset_unguard(void);

/* Where the installed table reports to, whoever has installed it. False: nowhere, or it cannot be told. */
struct ruleset_report {
	bool queued;     /* NFQUEUE and not NFLOG */
	bool marked;     /* by ruleset_install(), and not loaded as text */
	uint16_t number; /* of the group, or the lowest of the queues */
};
bool ruleset_reports_to(struct ruleset_report *report);

/* Is there a guard that ruleset_install() has made, in whatever process? False also when it cannot be told. */
bool ruleset_has_guard(void);

#endif
