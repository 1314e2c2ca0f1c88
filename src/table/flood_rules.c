/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In a flood of datagrams of a signed knock's length the kernel gathers them: a message with nine of them costs the
 * kernel and the engine little more than a message with one. The kernel sends a packet within the limit below at once,
 * and with it those gathered before. A packet beyond it waits for such a packet, for a full message, or for the
 * kernel's second tick. So a single knock never waits, and nothing has to be switched on or off.
 *
 * Hits have no such limit: any client may send many, and whoever waits for an answer would be slowed down to it.
 */
#include "flood_rules.h"

#include "build.h"

#define PER_SECOND 500
#define BURST      100

void
flood_rules_add(struct rules *rules)
{
	struct rule *rule = build_rule(rules, "report");

	build_term(rule, TERM_LONG, NULL, NULL);
	build_over(rule, PER_SECOND, BURST);
	build_term(rule, TERM_COUNTER, NULL, NULL);
	build_term(rule, TERM_GOTO, FLOOD_RULES_CHAIN, NULL);
}
