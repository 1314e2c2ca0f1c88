/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nft deletes rules by handles, so commands look them up: "nft delete rule ... handle $(nft -a list ... | grep %IP%)".
 */
#ifndef KNOCKD_RULE_LOOKUP_H
#define KNOCKD_RULE_LOOKUP_H

#include "rule.h"

/*
 * Is the text such a command, and no more? Then the rule deletes the one in `chain` that has the client's address.
 * Which one that is, the command does not say: it has no key.
 */
bool rule_lookup(struct rule *rule, const char *text, struct arena *arena);

#endif
