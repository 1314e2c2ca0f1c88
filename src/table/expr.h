/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The terms of a rule as the kernel's expressions: one by one, and register by register, what nft
 * itself makes of the same text, so that `nft list` shows a rule as it was printed.
 */
#ifndef KNOCKD_EXPR_H
#define KNOCKD_EXPR_H

#include <libnftnl/rule.h>

#include "rules.h"

/* Sets are numbered within a transaction (NFTA_SET_ID): the place in `rules`, from 1. */
#define RULESET_SET_ID(rules, set) ((uint32_t)((set) - (rules)->sets) + 1)

/* Appends the term's expressions to `rule`. 0, or -1 when memory is out. */
int expr_put_term(struct nftnl_rule *rule, const struct rules *rules, const struct term *term);

/*
 * A mark in the rule's user data, which nft passes over: a rule that somebody has put in the place of ours lacks it.
 * 0, or -1 when memory is out.
 */
int expr_mark(struct nftnl_rule *rule);
bool expr_is_marked(const struct nftnl_rule *rule);

#endif
