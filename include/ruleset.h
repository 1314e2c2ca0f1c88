/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table inet knockd: the rules that send the knock ports' packets, and no others, to the daemon's
 * NFLOG group. Derived from the configuration alone; its nft text and its netlink messages come
 * from one description, so what --print-rules shows is what is installed.
 *
 * A chain at prerouting, priority -350: after defragmentation (-400), before raw (-300), so that no
 * drop, notrack or DNAT of the user's hides a knock. An unrelated packet costs one look-up in one
 * set. The log prefix tells the engine where the packet was going: CAPTURE_PREFIX_LOCAL for an
 * address of this machine, CAPTURE_PREFIX_TARGET for anything else (a door's Target to be forwarded).
 */
#ifndef KNOCKD_RULESET_H
#define KNOCKD_RULESET_H

#include <stdbool.h>
#include <stdio.h>

#include "conf.h"

#define RULESET_TABLE	      "knockd"
#define RULESET_PRIORITY      (-350)

/* Writes the table as nft text that `nft -f` loads over an existing one. 0, or -1 with errno. */
int ruleset_print(const struct conf *conf, FILE *out);

/*
 * Installs the table in one transaction; an existing one is replaced. Returns 0, or -1 with errno
 * and, in `err`, one clause that says what the kernel refused.
 */
int ruleset_install(const struct conf *conf, char *err, size_t errlen);

/* Are all of the table's rules there? What somebody has added does not matter. */
bool ruleset_intact(const struct conf *conf);

/* Removes the table. 0 also when there is none; -1 with errno. */
int ruleset_remove(void);

#endif
