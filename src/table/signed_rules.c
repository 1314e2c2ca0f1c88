/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signed knocks: datagrams of their length or longer to the ports of `:auth`. A range of ports costs as much as a
 * single port, so it needs no set.
 */
#include "signed_rules.h"

#include <sys/socket.h>

#include "build.h"

#define TARGETS4 "signed_targets4"
#define TARGETS6 "signed_targets6"

static int
add_target(struct rules *rules, const struct door *door)
{
	bool v4 = door->target.family == AF_INET;
	const char *name = v4 ? TARGETS4 : TARGETS6;
	const struct port_set *there = rules_set(rules, name);
	struct port_set *set = there ? &rules->sets[there - rules->sets] : NULL;

	if (!set)
		set = build_set(rules, v4 ? PORT_KEY_TARGET4 : PORT_KEY_TARGET6, name);
	return set ? build_entry(set, &door->target, &(struct knock_port){ .port = 0 }) : -1;
}

int
signed_rules_sets(struct rules *rules, const struct conf *conf)
{
	for (size_t i = 0; i < conf->n_doors; i++) {
		const struct door *door = &conf->doors[i];

		if (!seq_auth(&door->seq))
			continue;
		rules->has_signed = true;
		if (door->target.family == AF_INET6 && conf->only_ipv4)
			continue;
		if (door->target.family && add_target(rules, door))
			return -1;
	}
	return 0;
}

static void
add_report(struct rules *rules, const struct port_set *targets, bool only_ipv4)
{
	struct rule *rule = build_rule(rules, "signed");

	if (targets)
		build_term(rule, TERM_SET, NULL, targets);
	else if (only_ipv4)
		build_term(rule, TERM_IPV4, NULL, NULL);
	if (!targets)
		build_fib(rule, FIB_TO_LOCAL);
	build_term(rule, TERM_COUNTER, NULL, NULL);
	build_term(rule, TERM_GOTO, "report", NULL);
}

static bool
has_local(const struct conf *conf)
{
	for (size_t i = 0; i < conf->n_doors; i++)
		if (seq_auth(&conf->doors[i].seq) && !conf->doors[i].target.family)
			return true;
	return false;
}

void
signed_rules_chains(struct rules *rules, const struct conf *conf)
{
	if (!rules->has_signed)
		return;
	build_chain(rules, "signed");
	if (has_local(conf))
		add_report(rules, NULL, conf->only_ipv4);
	if (rules_set(rules, TARGETS4))
		add_report(rules, rules_set(rules, TARGETS4), false);
	if (rules_set(rules, TARGETS6))
		add_report(rules, rules_set(rules, TARGETS6), false);
	if (conf->n_interfaces)
		build_chain(rules, "signed_interfaces");
	build_interfaces(rules, conf, "signed_interfaces", "signed");
}

void
signed_rules_add(struct rules *rules, const struct conf *conf)
{
	for (size_t i = 0; i < conf->n_doors; i++) {
		struct rule *rule;

		if (!build_is_new_range(conf, i))
			continue;
		rule = build_rule(rules, RULES_CHAIN_KNOCKS);
		build_signed(rule, seq_auth(&conf->doors[i].seq));
		build_term(rule, TERM_GOTO, conf->n_interfaces ? "signed_interfaces" : "signed", NULL);
	}
}
