/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the commands of each door. */
#ifndef KNOCKD_PLAN_READ_H
#define KNOCKD_PLAN_READ_H

#include "plan_state.h"

/* Fills in each door's role, rules and time. 0, or -1: no memory. */
int plan_read(struct plan *plan);

#endif
