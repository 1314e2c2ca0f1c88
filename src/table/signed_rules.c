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
end_report(struct rule *rule)
{
	build_term(rule, TERM_COUNTER, NULL, NULL);
	build_term(rule, TERM_GOTO, "report", NULL);
}

static void
report_local(struct rules *rules, const struct conf *conf, enum local_way way)
{
	struct rule *rule = build_rule(rules, "signed");

	if (conf->only_ipv4)
		build_term(rule, TERM_IPV4, NULL, NULL);
	build_local(rule, way);
	end_report(rule);
}

static void
report_target(struct rules *rules, const char *targets)
{
	struct rule *rule;

	if (!rules_set(rules, targets))
		return;
	rule = build_rule(rules, "signed");
	build_term(rule, TERM_SET, NULL, rules_set(rules, targets));
	end_report(rule);
}

static bool
has_local(const struct conf *conf)
{
	for (size_t i = 0; i < conf->n_doors; i++)
		if (seq_auth(&conf->doors[i].seq) && !conf->doors[i].target.family)
			return true;
	return false;
}

/* See build.h about VRF. */
static void
report_locals(struct rules *rules, const struct conf *conf)
{
	if (!conf->n_interfaces)
		build_vrf_seen(rules, "signed");
	report_local(rules, conf, LOCAL_IN_MAIN);
	report_local(rules, conf, LOCAL_IN_VRF);
	if (conf->n_interfaces)
		report_local(rules, conf, LOCAL_AT_MEMBER);
}

void
signed_rules_chains(struct rules *rules, const struct conf *conf)
{
	if (!rules->has_signed)
		return;
	build_chain(rules, "signed");
	if (has_local(conf))
		report_locals(rules, conf);
	if (!conf->n_interfaces && (rules_set(rules, TARGETS4) || rules_set(rules, TARGETS6)))
		build_vrf_return(rules, "signed");
	report_target(rules, TARGETS4);
	report_target(rules, TARGETS6);
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
