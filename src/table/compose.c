/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compose.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#include "build.h"
#include "flood_rules.h"
#include "guard_rules.h"
#include "knocker_rules.h"
#include "lib/text.h"
#include "rate_rules.h"
#include "signed_rules.h"
#include "wire/capture.h"

#define PORTS       "ports"
#define NUMBERS     "port_numbers"
#define RULES_FIXED 12 /* five in `report`, four in `flooded`, two for VRF, one in `prerouting` for many ports */

/* --- sets ---------------------------------------------------------------------------------------- */

/* "local_any", "ip_syn_not_ack": the destination and TCP flags of the set's packets. */
static void
name_set(struct port_set *set)
{
	static const char *const prefixes[] = { "local", "ip", "ip6" }; /* other keys are the guard's */
	struct pen pen = text_pen(set->name, sizeof(set->name));

	text_write(&pen, prefixes[set->key], set->mask ? "" : "_any", NULL);
	for (unsigned bit = 0; bit < RULES_TCP_FLAGS; bit++) {
		if (set->mask & 1u << bit)
			text_write(&pen, set->value & 1u << bit ? "" : "_not", "_", rules_flag_name(bit), NULL);
	}
}

/* The set of such packets, added if missing. */
static struct port_set *
find_set(struct rules *rules, enum port_key key, uint8_t mask, uint8_t value)
{
	struct port_set *set;

	for (size_t i = 0; i < rules->n_sets; i++) {
		set = &rules->sets[i];
		if (set->key == key && set->mask == mask && set->value == value)
			return set;
	}
	set = build_set(rules, key, "");
	if (!set)
		return NULL;
	set->mask = mask;
	set->value = value;
	name_set(set);
	return set;
}

/* Each port of a range: the three steps of a code have the same one, and sets drop what they have. */
static int
add_step(struct rules *rules, struct port_set *set, const struct door *door, const struct knock_port *step)
{
	struct knock_port port = { .port = step->port, .proto = step->proto };

	for (uint32_t n = step->port; n <= seq_last(step); n++) {
		port.port = (uint16_t)n;
		if (build_entry(set, &door->target, &port) || build_port(&rules->knocked, &port))
			return -1;
	}
	return 0;
}

/* UDP has no flags: its ports are in the set for any flags. */
static int
add_door(struct rules *rules, const struct door *door)
{
	for (size_t i = 0; i < door->seq.n && door->seq.at[i].proto != SEQ_AUTH; i++) {
		const struct knock_port *step = &door->seq.at[i];
		bool tcp = step->proto == IPPROTO_TCP;
		struct port_set *set = find_set(rules, build_key_of(door), tcp ? door->flags_mask : 0,
						tcp ? door->flags_value & door->flags_mask : 0);

		if (!set || add_step(rules, set, door, step))
			return -1;
	}
	return 0;
}

/* Sets are in the order of their keys: local sets come before those with a Target. */
static int
add_doors(struct rules *rules, const struct conf *conf)
{
	for (enum port_key key = PORT_KEY_LOCAL; key <= PORT_KEY_IP6; key++) {
		if (key == PORT_KEY_IP6 && conf->only_ipv4)
			continue;
		for (size_t i = 0; i < conf->n_doors; i++) {
			if (build_key_of(&conf->doors[i]) == key && add_door(rules, &conf->doors[i]))
				return -1;
		}
	}
	rules->n_knock_sets = rules->n_sets;
	return build_port_sets(rules, &rules->knocked, PORTS, NUMBERS);
}

/* --- chains and rules ---------------------------------------------------------------------------- */

/*
 * The address type is looked up only for packets to be reported, not for every packet. A logged packet continues with
 * the next rule, a queued one does not.
 */
static void
add_local_report(struct rules *rules, const char *chain, enum local_way way, uint16_t threshold)
{
	struct rule *rule = build_rule(rules, chain);

	build_local(rule, way);
	build_capture(rules, rule, CAPTURE_LOCAL, threshold);
	if (rules->capture == CONF_CAPTURE_NFLOG)
		build_term(rule, TERM_RETURN, NULL, NULL);
}

/* `threshold`: see build_capture(). */
static void
add_reports(struct rules *rules, const char *chain, uint16_t threshold, const struct conf *conf)
{
	add_local_report(rules, chain, LOCAL_IN_MAIN, threshold);
	add_local_report(rules, chain, LOCAL_IN_VRF, threshold);
	if (conf->n_interfaces)
		add_local_report(rules, chain, LOCAL_AT_MEMBER, threshold);
	build_capture(rules, build_rule(rules, chain), CAPTURE_TARGET, threshold);
}

static void
add_report(struct rules *rules, const struct conf *conf)
{
	bool gathered = rules->has_signed && rules->capture == CONF_CAPTURE_NFLOG;

	if (gathered) {
		build_chain(rules, FLOOD_RULES_CHAIN);
		add_reports(rules, FLOOD_RULES_CHAIN, CAPTURE_GATHERED, conf);
	}
	build_chain(rules, "report");
	knocker_rules_martians(rules, "report");
	rate_rules_add(rules);
	knocker_rules_report(rules, conf);
	if (gathered)
		flood_rules_add(rules);
	add_reports(rules, "report", 1, conf);
}

/* Packets in the set go to `report`. */
static void
add_knock(struct rules *rules, const char *chain, const struct port_set *set, const struct conf *conf,
	  enum local_way way)
{
	struct rule *rule = build_rule(rules, chain);

	if (set->key == PORT_KEY_LOCAL && conf->only_ipv4)
		build_term(rule, TERM_IPV4, NULL, NULL);
	build_term(rule, TERM_SET, NULL, set);
	if (set->mask)
		build_term(rule, TERM_FLAGS, NULL, set);
	if (set->key == PORT_KEY_LOCAL && way == LOCAL_IN_VRF)
		build_fib(rule, FIB_TO_NO_HOST_HERE); /* the chain is for packets of a VRF */
	else if (set->key == PORT_KEY_LOCAL)
		build_local(rule, way);
	build_term(rule, TERM_COUNTER, NULL, NULL);
	build_term(rule, TERM_GOTO, "report", NULL);
}

/* The second time that a packet passes the hook, see build.h. With Interface a VRF's name is the admin's choice. */
static void
add_vrf_knocks(struct rules *rules, const struct conf *conf)
{
	build_chain(rules, "knocks_vrf");
	if (!conf->n_interfaces)
		build_vrf_seen(rules, "knocks_vrf");
	for (size_t i = 0; i < rules->n_knock_sets; i++) {
		const struct port_set *set = &rules->sets[i];

		if (set->key == PORT_KEY_LOCAL || conf->n_interfaces)
			add_knock(rules, "knocks_vrf", set, conf, LOCAL_IN_VRF);
	}
}

static void
add_knocks(struct rules *rules, const struct conf *conf)
{
	struct rule *rule;

	build_chain(rules, "knocks");
	rule = build_rule(rules, "knocks");
	build_term(rule, TERM_VRF, NULL, NULL);
	build_term(rule, TERM_GOTO, "knocks_vrf", NULL);
	for (size_t i = 0; i < rules->n_knock_sets; i++) {
		const struct port_set *set = &rules->sets[i];

		add_knock(rules, "knocks", set, conf, LOCAL_IN_MAIN);
		if (set->key == PORT_KEY_LOCAL && conf->n_interfaces)
			add_knock(rules, "knocks", set, conf, LOCAL_AT_MEMBER);
	}
}

/* Without any port there is nothing to log: the empty base chain shows that the daemon is running. */
static void
add_knock_chains(struct rules *rules, const struct conf *conf)
{
	if (rules->n_knock_sets || rules->has_signed)
		add_report(rules, conf);
	if (rules->n_knock_sets) {
		add_vrf_knocks(rules, conf);
		add_knocks(rules, conf);
		if (conf->n_interfaces)
			build_chain(rules, "interfaces");
		build_interfaces(rules, conf, "interfaces", "knocks");
	}
	signed_rules_chains(rules, conf);
	knocker_rules_chains(rules, conf);
	build_base_chain(rules, RULES_CHAIN_KNOCKS, CHAIN_PREROUTING, RULES_PRIORITY_KNOCKS);
	if (rules->n_knock_sets)
		build_port_rules(rules, RULES_CHAIN_KNOCKS, &rules->knocked,
				 conf->n_interfaces ? "interfaces" : "knocks");
	signed_rules_add(rules, conf);
	knocker_rules_strays(rules);
}

static int
fill(struct rules *rules, const struct conf *conf)
{
	rules->capture = conf->capture;
	rules->group = conf->nflog_group;
	rules->queue = conf->queue_num;
	if (add_doors(rules, conf) || signed_rules_sets(rules, conf) || guard_rules_sets(rules, conf) ||
	    rate_rules_sets(rules, conf) || knocker_rules_sets(rules, conf))
		return -1;
	build_sort(rules);
	rules->rules = calloc(3 * rules->n_knock_sets + rules->n_sets + RULES_FIXED + RULES_COMPARED_MAX +
				  RATE_RULES_MAX + KNOCKER_RULES_MAX + GUARD_RULES_MAX + guard_rules_idle(conf) +
				  SIGNED_RULES_MAX + 3 * conf->n_interfaces + 3 * conf->n_doors,
			      sizeof(*rules->rules));
	if (!rules->rules)
		return -1;
	add_knock_chains(rules, conf);
	guard_rules_add(rules, conf);
	return 0;
}

struct rules *
compose_rules(const struct conf *conf)
{
	struct rules *rules = calloc(1, sizeof(*rules));

	if (rules && fill(rules, conf)) {
		rules_free(rules);
		return NULL;
	}
	return rules;
}
