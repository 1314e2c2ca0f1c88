/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guard: rules that keep the ports of `open` shut. */
#ifndef KNOCKD_GUARD_RULES_H
#define KNOCKD_GUARD_RULES_H

#include "rules.h"

/*
 * Ports that may have TCP connections which are older than the guard; kept, but not beyond an unguard. It holds those
 * of Targets; ruleset_install() adds others when it makes the set.
 */
#define GUARD_RULES_OLDER "guarded_older"

/* Protocols and ports that begin to be cut, for as long as their connections may go on; kept likewise. */
#define GUARD_RULES_BEGUN "guarded_begun"

/* The sets of ports that are cut. NULL: not there. */
#define GUARD_RULES_CUTS 3
const struct port_set *guard_rules_cut(const struct rules *rules, size_t i);

/* Add the sets (-1: no memory), and the chains with at most GUARD_RULES_MAX rules. */
#define GUARD_RULES_MAX (104 + 3 * RULES_COMPARED_MAX)
size_t guard_rules_idle(const struct conf *conf); /* more rules, of doors with an idle_timeout */
int guard_rules_sets(struct rules *rules, const struct conf *conf);
void guard_rules_add(struct rules *rules, const struct conf *conf);

/* Is `name` one of the guard's chains or sets, in any configuration? `open`: include the sets open4, open6 etc. */
bool guard_rules_has(const char *name, bool open);

#endif
