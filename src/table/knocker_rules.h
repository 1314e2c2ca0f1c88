/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sources that are on the way through a sequence, and rules that report their packets to other ports. */
#ifndef KNOCKD_KNOCKER_RULES_H
#define KNOCKD_KNOCKER_RULES_H

#include "rules.h"

/*
 * The sets (-1: no memory); rules for `report`; chains for strays; and what follows the base chain's rule for knocks.
 * At most KNOCKER_RULES_MAX rules in all, and one for each interface.
 */
#define KNOCKER_RULES_MAX (14 + RULES_COMPARED_MAX)
int knocker_rules_sets(struct rules *rules, const struct conf *conf);
void knocker_rules_report(struct rules *rules);
void knocker_rules_chains(struct rules *rules, const struct conf *conf);
void knocker_rules_strays(struct rules *rules);

#endif
