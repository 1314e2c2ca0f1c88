/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In a flood the kernel gathers packets: a message with a dozen of them costs the kernel and the engine little more
 * than a message with one. The kernel sends a packet within the limits below at once, and with it those gathered
 * before. A packet beyond them waits for such a packet, for a full message, or for the kernel's second tick. So a
 * single knock never waits, and nothing has to be switched on or off.
 *
 * Datagrams of a signed knock's length have a low limit: clients send few, and garbage of that length costs most. Hits
 * have a high one, as many clients may knock at a time.
 */
#include "flood_rules.h"

#include "build.h"

#define LONG_PER_SECOND 500
#define LONG_BURST      100
#define PER_SECOND      10000
#define BURST           1000

static void
add_limit(struct rules *rules, bool only_long, uint32_t per_second, uint32_t burst)
{
	struct rule *rule = build_rule(rules, "report");

	if (only_long)
		build_term(rule, TERM_LONG, NULL, NULL);
	build_over(rule, per_second, burst);
	build_term(rule, TERM_COUNTER, NULL, NULL);
	build_term(rule, TERM_GOTO, FLOOD_RULES_CHAIN, NULL);
}

void
flood_rules_add(struct rules *rules)
{
	if (rules->has_signed)
		add_limit(rules, true, LONG_PER_SECOND, LONG_BURST);
	add_limit(rules, false, PER_SECOND, BURST);
}
