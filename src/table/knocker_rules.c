/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is on the way through a sequence. A packet to the first port of a door writes its source down for as long as an
 * attempt may last. Should the set be full, nothing else is lost: the packet is reported as ever.
 *
 * For the scan guard, connections that those sources open to other ports are reported, too. Any other packet costs
 * one look at its TCP flags, and any other connection one look-up. UDP is not looked at: each packet would have to be.
 *
 * With Capture = nfqueue those connections do not only come to be counted: they wait behind the knocks in front of
 * them, and then go on to the guard and the user's own chains, which judge them by what those knocks have opened. No
 * mark and no second run through this chain (NF_REPEAT) is needed for that. Packets to UDP ports that are kept shut
 * wait likewise; of those who may pass none does.
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

#define KNOCKERS_MAX     65536 /* some MiB of the kernel's memory for each family when it is full */
#define KNOCKERS_SECONDS 3600  /* at most: a place is not for whoever came by last week */

/* --- sets ---------------------------------------------------------------------------------------- */

/*
 * Seconds that somebody may be on the way through the sequence, which are of interest to the scan guard and to who
 * holds packets; to the latter also those of a single knock, for what is sent in the same breath. 0: nobody cares.
 */
static int64_t
seconds_of(const struct conf *conf, const struct door *door)
{
	bool held = conf->capture == CONF_CAPTURE_NFQUEUE;

	if (door->seq.n == 1)
		return held ? 1 : 0;
	return door->seq.n && (held || conf->scan_guard) && door->seq_timeout > 0 ? door->seq_timeout : 0;
}

/* Those of the longest attempt. */
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

/* Of whatever Target: it is enough to know which packets need not wait. */
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

/* What is in the set, or without one what is for this machine, goes to the other chain; `to` NULL: no further. */
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

/* Who may pass the guard need not wait. */
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
