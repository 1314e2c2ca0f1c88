/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Source_Rate: packets of an address beyond this rate are not reported. The kernel counts, so these packets cost the
 * daemon nothing. An attacker that changes its address with each packet is not limited: when the set is full, packets
 * of addresses outside it are reported without a limit.
 */
#include "rate_rules.h"

#include "build.h"
#include "lib/seq.h"

#define RATES4 "rates4"
#define RATES6 "rates6"

#define RATES_MAX 65536 /* addresses */

int
rate_rules_sets(struct rules *rules, const struct conf *conf)
{
	uint32_t seconds;

	if (!conf->source_rate || (!rules->n_knock_sets && !rules->has_signed))
		return 0;
	rules->rate = conf->source_rate;
	/* a client may send a whole sequence at once */
	rules->burst = conf->source_rate > SEQ_MAX ? conf->source_rate : SEQ_MAX;
	seconds = rules->burst / rules->rate + 1; /* after so long without a packet the whole burst is allowed again */
	if (build_dynamic_set(rules, PORT_KEY_SOURCE4, RATES4, RATES_MAX, seconds))
		return -1;
	return conf->only_ipv4 ? 0 : build_dynamic_set(rules, PORT_KEY_SOURCE6, RATES6, RATES_MAX, seconds);
}

static void
add_rate(struct rules *rules, const struct port_set *rates)
{
	struct rule *rule;

	if (!rates)
		return;
	rule = build_rule(rules, "report");
	build_term(rule, TERM_TOO_FAST, NULL, rates);
	build_term(rule, TERM_RETURN, NULL, NULL);
}

void
rate_rules_add(struct rules *rules)
{
	add_rate(rules, rules_set(rules, RATES4));
	add_rate(rules, rules_set(rules, RATES6));
}
