/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides what becomes of each door. */
#ifndef KNOCKD_PLAN_H
#define KNOCKD_PLAN_H

#include "plan_state.h"

/* 0, or -1: no memory. plan_free() frees what is not in the arena. */
int plan_make(struct plan *plan);
void plan_free(struct plan *plan);

/* Does any part of the rule need a set of its own, and not one that the configuration names? */
bool plan_makes_set(const struct rule *rule);

#endif
