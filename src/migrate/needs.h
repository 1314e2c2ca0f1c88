/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the firewall needs once the doors have moved: the rules that commands added until now, for all at once. */
#ifndef KNOCKD_NEEDS_H
#define KNOCKD_NEEDS_H

#include <stdio.h>

#include "plan.h"

/* Prints each line once. Nothing, if the doors need nothing. */
void needs_print(const struct plan *plan, FILE *out);

#endif
