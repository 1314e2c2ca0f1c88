/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the commands of each door. */
#ifndef KNOCKD_PLAN_READ_H
#define KNOCKD_PLAN_READ_H

#include "plan_state.h"

/* Fills in each door's role, rules and time. 0, or -1: no memory. */
int plan_read(struct plan *plan);

/* A command that deletes a rule whose handle it looks up, and has no key yet: see rule_lookup.h. */
#define PLAN_READ_UNCLEAR "it deletes a rule whose handle it looks up, and which one is not clear"
bool plan_read_is_lookup(const struct rule *rule);

/* It deletes what this rule adds. */
void plan_read_resolve(struct rule *lookup, const struct rule *adds);

#endif
