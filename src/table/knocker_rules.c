/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knockers: addresses in the middle of a sequence. A packet to the first port of a door puts its source into a set for
 * as long as an attempt may last. If the set is full, the packet is still reported.
 *
 * For the scan guard, connections that knockers open to other ports are reported, too. Any other packet costs one
 * comparison of its TCP flags, and any other connection one look-up. UDP is left out: each UDP packet would cost a
 * look-up.
 *
 * With Capture = nfqueue those connections also wait behind the knocks before them. Then they reach the guard and the
 * admin's chains, which see the grants of those knocks, so neither a mark nor a second run through this chain
 * (NF_REPEAT) is needed. A knocker's packets to guarded UDP ports wait likewise, unless its address may pass.
 */
#include "knocker_rules.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "build.h"
#include "conf/guard.h"

#define FIRSTS       "firsts"
#define KNOCKERS4    "knockers4"
#define KNOCKERS6    "knockers6"
#define TARGETS4     "targets4"
#define TARGETS6     "targets6"
#define HELD         "held_udp"
#define HELD_NUMBERS "held_udp_numbers"

#define KNOCKERS_MAX     65536 /* a full set takes some MiB of kernel memory for each family */
#define KNOCKERS_SECONDS 3600  /* at most, so that a very long seq_timeout does not fill the set */

/* --- sets ---------------------------------------------------------------------------------------- */

/*
 * Seconds that an attempt at the door may last. 0: neither the scan guard nor nfqueue needs its knockers. With nfqueue
 * a door of one knock counts, too, for a connection that the client opens together with the knock.
 */
static int64_t
seconds_of(const struct conf *conf, const struct door *door)
{
	bool held = conf->capture == CONF_CAPTURE_NFQUEUE;

	if (door->seq.n == 1)
		return held ? 1 : 0;
	return door->seq.n && (held || conf->scan_guard) && door->seq_timeout > 0 ? door->seq_timeout : 0;
}

/* Seconds of the longest attempt. */
static uint32_t
knockers_timeout(const struct conf *conf)
{
	int64_t longest = 0;

	for (size_t i = 0; i < conf->n_doors; i++) {
		if (seconds_of(conf, &conf->doors[i]) > longest)
			longest = seconds_of(conf, &conf->doors[i]);
	}
	return longest < KNOCKERS_SECONDS ? (uint32_t)longest : KNOCKERS_SECONDS;
}

static int
add_firsts(struct rules *rules, const struct conf *conf)
{
	static const struct addr nowhere;
	struct port_set *set = build_set(rules, PORT_KEY_LOCAL, FIRSTS);

	for (size_t i = 0; i < conf->n_doors && set; i++) {
		if (seconds_of(conf, &conf->doors[i]) && build_entry(set, &nowhere, &conf->doors[i].seq.at[0]))
			return -1;
	}
	return set ? 0 : -1;
}

static int
add_targets(struct rules *rules, const struct conf *conf, int family)
{
	bool v4 = family == AF_INET;
	struct port_set *set = NULL;

	for (size_t i = 0; i < conf->n_doors; i++) {
		const struct door *door = &conf->doors[i];

		if (!seconds_of(conf, door) || door->target.family != family)
			continue;
		if (!set)
			set = build_set(rules, v4 ? PORT_KEY_TARGET4 : PORT_KEY_TARGET6, v4 ? TARGETS4 : TARGETS6);
		if (!set || build_entry(set, &door->target, &(struct knock_port){ .port = 0 }))
			return -1;
	}
	return 0;
}

/* Guarded UDP ports of any Target: a packet to the same port of another Target may wait without need. */
static int
add_held(struct rules *rules, const struct conf *conf)
{
	for (size_t d = 0; d < conf->n_doors; d++) {
		const struct seq *open = &conf->doors[d].open;

		for (size_t i = 0; i < open->n; i++) {
			if (open->at[i].proto == IPPROTO_UDP && build_port(&rules->held, &open->at[i]))
				return -1;
		}
	}
	return build_port_sets(rules, &rules->held, HELD, HELD_NUMBERS);
}

int
knocker_rules_sets(struct rules *rules, const struct conf *conf)
{
	uint32_t timeout = knockers_timeout(conf);

	if (!timeout || !rules->n_knock_sets)
		return 0;
	if (add_firsts(rules, conf) || build_dynamic_set(rules, PORT_KEY_SOURCE4, KNOCKERS4, KNOCKERS_MAX, timeout) ||
	    add_targets(rules, conf, AF_INET) || (conf->capture == CONF_CAPTURE_NFQUEUE && add_held(rules, conf)))
		return -1;
	if (conf->only_ipv4)
		return 0;
	return build_dynamic_set(rules, PORT_KEY_SOURCE6, KNOCKERS6, KNOCKERS_MAX, timeout) ||
		       add_targets(rules, conf, AF_INET6)
		   ? -1
		   : 0;
}

/* --- rules --------------------------------------------------------------------------------------- */

static void
add_knocker(struct rules *rules, const struct port_set *knockers)
{
	struct rule *rule;

	if (!knockers)
		return;
	rule = build_rule(rules, "report");
	build_term(rule, TERM_SET, NULL, rules_set(rules, FIRSTS));
	build_term(rule, TERM_UPDATE, NULL, knockers);
}

void
knocker_rules_report(struct rules *rules)
{
	add_knocker(rules, rules_set(rules, KNOCKERS4));
	add_knocker(rules, rules_set(rules, KNOCKERS6));
}

/* Packets in `set`, or (NULL) to this machine, go to chain `to`, or (NULL) return. */
static void
add_goto(struct rules *rules, const char *chain, const char *set, const char *to)
{
	struct rule *rule;

	if (set && !rules_set(rules, set))
		return;
	rule = build_rule(rules, chain);
	build_term(rule, set ? TERM_SET : TERM_LOCAL, NULL, set ? rules_set(rules, set) : NULL);
	build_term(rule, to ? TERM_GOTO : TERM_RETURN, to, NULL);
}

/* Packets that may pass the guard need not wait. */
static void
add_udp_chain(struct rules *rules)
{
	if (!rules->held.numbers.n)
		return;
	build_chain(rules, "udps");
	add_goto(rules, "udps", GUARD_OPEN4, NULL);
	add_goto(rules, "udps", GUARD_OPEN6, NULL);
	add_goto(rules, "udps", GUARD_OPEN4_TARGET, NULL);
	add_goto(rules, "udps", GUARD_OPEN6_TARGET, NULL);
	build_term(build_rule(rules, "udps"), TERM_GOTO, "syns", NULL);
}

static const char *
add_waiting_chain(struct rules *rules)
{
	if (rules->capture == CONF_CAPTURE_NFLOG)
		return "report";
	build_chain(rules, "waiting");
	build_capture(rules, build_rule(rules, "waiting"), CAPTURE_WAITING);
	return "waiting";
}

void
knocker_rules_chains(struct rules *rules, const struct conf *conf)
{
	const char *next = conf->n_interfaces ? "stray_interfaces" : "strays", *last;

	if (!rules_set(rules, KNOCKERS4))
		return;
	last = add_waiting_chain(rules);
	build_chain(rules, "strays");
	add_goto(rules, "strays", NULL, last);
	add_goto(rules, "strays", TARGETS4, last);
	add_goto(rules, "strays", TARGETS6, last);
	if (conf->n_interfaces)
		build_chain(rules, "stray_interfaces");
	build_interfaces(rules, conf, "stray_interfaces", "strays");
	build_chain(rules, "syns");
	add_goto(rules, "syns", KNOCKERS4, next);
	add_goto(rules, "syns", KNOCKERS6, next);
	add_udp_chain(rules);
}

void
knocker_rules_strays(struct rules *rules)
{
	struct rule *rule;

	if (!rules_set(rules, KNOCKERS4))
		return;
	rule = build_rule(rules, RULES_CHAIN_KNOCKS);
	build_term(rule, TERM_SYN, NULL, NULL);
	build_term(rule, TERM_GOTO, "syns", NULL);
	build_port_rules(rules, RULES_CHAIN_KNOCKS, &rules->held, "udps");
}
