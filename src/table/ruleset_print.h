/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The nft text of single rules, for the text of the table and for messages about refused rules. */
#ifndef KNOCKD_RULESET_PRINT_H
#define KNOCKD_RULESET_PRINT_H

#include <stdio.h>

#include "rules.h"

/* Writes one rule without indentation and newline. */
void ruleset_print_rule(const struct rules *rules, const struct rule *rule, FILE *out);

#endif
