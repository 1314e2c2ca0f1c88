/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules that let the kernel gather packets of a flood, see flood_rules.c. */
#ifndef KNOCKD_FLOOD_RULES_H
#define KNOCKD_FLOOD_RULES_H

#include "rules.h"

/* The chain that logs as `report` does, but with CAPTURE_GATHERED packets in a message. */
#define FLOOD_RULES_CHAIN "flooded"

/* Adds a rule to `report`, before those that log. */
void flood_rules_add(struct rules *rules);

#endif
