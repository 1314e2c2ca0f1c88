/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of the rules that reports signed knocks, see signed_rules.c. */
#ifndef KNOCKD_SIGNED_RULES_H
#define KNOCKD_SIGNED_RULES_H

#include "rules.h"

/*
 * Sets `has_signed` and adds the sets (-1: no memory); then the chains, and the rules of the base chain: at most
 * SIGNED_RULES_MAX rules, and one for each door and each interface.
 */
#define SIGNED_RULES_MAX 8
int signed_rules_sets(struct rules *rules, const struct conf *conf);
void signed_rules_chains(struct rules *rules, const struct conf *conf);
void signed_rules_add(struct rules *rules, const struct conf *conf);

#endif
