/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The terms of a rule as the kernel's expressions: the same expressions and registers that nft makes from the printed
 * text, so that `nft list` shows a rule as it was printed.
 */
#ifndef KNOCKD_EXPR_H
#define KNOCKD_EXPR_H

#include <libnftnl/rule.h>

#include "rules.h"

/* The number of a set within a transaction (NFTA_SET_ID): its place in `rules`, from 1. */
#define RULESET_SET_ID(rules, set) ((uint32_t)((set) - (rules)->sets) + 1)

/* Appends the term's expressions to `rule`. 0, or -1: no memory. */
int expr_put_term(struct nftnl_rule *rule, const struct rules *rules, const struct term *term);

/*
 * Marks the rule in its user data, which nft ignores: a rule that another program puts in place of ours lacks the
 * mark. 0, or -1: no memory.
 */
int expr_mark(struct nftnl_rule *rule);
bool expr_is_marked(const struct nftnl_rule *rule);

#endif
