/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The addresses in the middle of a sequence, and rules that report their packets to other ports. */
#ifndef KNOCKD_KNOCKER_RULES_H
#define KNOCKD_KNOCKER_RULES_H

#include "rules.h"

/*
 * The first rules of a chain that reports packets: none whose source cannot be a host's, and forged, therefore: an
 * address of this machine that comes in elsewhere than over lo, broadcast, multicast, anycast.
 */
void knocker_rules_martians(struct rules *rules, const char *chain);

/*
 * Add the sets (-1: no memory); the rules of `report`; the chains for packets to other ports; and the base chain's
 * rules after those for knocks. At most KNOCKER_RULES_MAX rules in all, and one for each interface and each knock set,
 * and two for each door.
 */
#define KNOCKER_RULES_MAX (30 + RULES_COMPARED_MAX)
int knocker_rules_sets(struct rules *rules, const struct conf *conf);
void knocker_rules_report(struct rules *rules, const struct conf *conf);
void knocker_rules_chains(struct rules *rules, const struct conf *conf);
void knocker_rules_strays(struct rules *rules);

#endif
