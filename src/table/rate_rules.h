/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Source_Rate: rules that limit how many packets of one address are reported. */
#ifndef KNOCKD_RATE_RULES_H
#define KNOCKD_RATE_RULES_H

#include "rules.h"

/* Add the sets (-1: no memory), then at most RATE_RULES_MAX rules at the beginning of `report`. */
#define RATE_RULES_MAX 2
int rate_rules_sets(struct rules *rules, const struct conf *conf);
void rate_rules_add(struct rules *rules);

#endif
