/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knockers: addresses in the middle of a sequence. A packet to the first port of a door puts its source into a set for
 * as long as an attempt may last. If the set is full, the packet is still reported.
 *
 * For the scan guard, packets of knockers to other ports are reported, too, if a scan of such packets could open a
 * door: connections in any case, other TCP packets if a door takes their flags, and UDP if a door has UDP ports. A
 * connection, and each of those packets, costs one look-up; any other packet costs one comparison of its TCP flags.
 *
 * Such packets, unless they open a connection, may be answers to what this machine has asked. So they are left out if a
 * local program has a socket for them. Connection tracking would tell the same, but a scanner can make it track what it
 * likes; and it sees no packet that a rule of the admin's at a raw hook drops, while the knock in front of that rule is
 * still seen.
 *
 * With Capture = nfqueue those connections also wait behind the knocks before them. Then they reach the guard and the
 * admin's chains, which see the grants of those knocks, so neither a mark nor a second run through this chain
 * (NF_REPEAT) is needed. A knocker's packets to guarded UDP ports wait likewise, unless its address may pass.
 */
#include "knocker_rules.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
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
		const struct door *door = &conf->doors[i];

		if (seconds_of(conf, door) && door->seq.at[0].proto != SEQ_AUTH &&
		    build_entry(set, &nowhere, &door->seq.at[0]))
			return -1;
	}
	return set ? 0 : -1;
}

/* The set in which the TCP ports of the door are: see compose.c. */
static struct port_set *
set_of(struct rules *rules, const struct door *door)
{
	for (size_t i = 0; i < rules->n_knock_sets; i++) {
		struct port_set *set = &rules->sets[i];

		if (set->key == build_key_of(door) && set->mask == door->flags_mask &&
		    set->value == (door->flags_value & door->flags_mask))
			return set;
	}
	return NULL;
}

/* Notes which packets a scan could open a door with. A door of one port needs no scan guard: one packet opens it. */
static void
note_scanned(struct rules *rules, const struct conf *conf)
{
	for (size_t i = 0; i < conf->n_doors && conf->scan_guard; i++) {
		const struct door *door = &conf->doors[i];
		struct port_set *set = door_has_proto(door, IPPROTO_TCP) ? set_of(rules, door) : NULL;

		if (door->seq.n < 2 || door->seq_timeout <= 0)
			continue;
		rules->udp_scanned |= door_has_proto(door, IPPROTO_UDP);
		if (set)
			set->scanned = true;
	}
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

	if (!timeout || (!rules->n_knock_sets && !rules->has_signed))
		return 0;
	note_scanned(rules, conf);
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
add_martian(struct rules *rules, const char *chain, enum term_kind family, enum fib_test fib)
{
	struct rule *rule = build_rule(rules, chain);

	build_term(rule, TERM_NOT_LO, NULL, NULL);
	build_term(rule, family, NULL, NULL);
	build_fib(rule, fib);
	build_term(rule, TERM_RETURN, NULL, NULL);
}

/* The kernel drops IPv6 packets from multicast addresses before this; IPv6 knows no broadcast. */
void
knocker_rules_martians(struct rules *rules, const char *chain)
{
	add_martian(rules, chain, TERM_IPV4, FIB_FROM_NOT_UNICAST);
	add_martian(rules, chain, TERM_IPV6, FIB_FROM_LOCAL);
	add_martian(rules, chain, TERM_IPV6, FIB_FROM_ANYCAST);
}

static bool
needs_syn(const struct port_set *set)
{
	return set->mask & set->value & TH_SYN;
}

static bool
is_plain_syn(const struct port_set *set)
{
	return needs_syn(set) && set->mask & TH_ACK && !(set->value & TH_ACK);
}

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

/* With nfqueue: a connection that the client opens together with a signed knock waits for it. */
static void
add_signed_knocker(struct rules *rules, const struct conf *conf, const struct port_set *knockers)
{
	struct rule *rule;

	for (size_t i = 0; knockers && conf->capture == CONF_CAPTURE_NFQUEUE && i < conf->n_doors; i++) {
		if (!build_is_new_range(conf, i))
			continue;
		rule = build_rule(rules, "report");
		build_signed(rule, seq_auth(&conf->doors[i].seq));
		build_term(rule, TERM_UPDATE, NULL, knockers);
	}
}

void
knocker_rules_report(struct rules *rules, const struct conf *conf)
{
	add_knocker(rules, rules_set(rules, KNOCKERS4));
	add_knocker(rules, rules_set(rules, KNOCKERS6));
	add_signed_knocker(rules, conf, rules_set(rules, KNOCKERS4));
	add_signed_knocker(rules, conf, rules_set(rules, KNOCKERS6));
}

/* Packets in `set` go to chain `to`, or (NULL) return. */
static void
add_goto(struct rules *rules, const char *chain, const char *set, const char *to)
{
	struct rule *rule;

	if (!rules_set(rules, set))
		return;
	rule = build_rule(rules, chain);
	build_term(rule, TERM_SET, NULL, rules_set(rules, set));
	build_term(rule, to ? TERM_GOTO : TERM_RETURN, to, NULL);
}

/* Packets of knockers go to chain `to`. */
static void
add_knockers(struct rules *rules, const char *chain, const char *to)
{
	add_goto(rules, chain, KNOCKERS4, to);
	add_goto(rules, chain, KNOCKERS6, to);
}

/* Packets that may pass the guard need not wait. */
static void
add_udp_chain(struct rules *rules, const char *next)
{
	if (!rules->held.numbers.n)
		return;
	build_chain(rules, "udps");
	add_goto(rules, "udps", GUARD_OPEN4, NULL);
	add_goto(rules, "udps", GUARD_OPEN6, NULL);
	add_goto(rules, "udps", GUARD_OPEN4_TARGET, NULL);
	add_goto(rules, "udps", GUARD_OPEN6_TARGET, NULL);
	add_knockers(rules, "udps", next);
}

static const char *
add_waiting_chain(struct rules *rules)
{
	if (rules->capture == CONF_CAPTURE_NFLOG)
		return "report";
	build_chain(rules, "waiting");
	knocker_rules_martians(rules, "waiting");
	build_capture(rules, build_rule(rules, "waiting"), CAPTURE_WAITING, 1);
	return "waiting";
}

/* Is the scan guard interested in more than SYN without ACK? */
static bool
wants_unasked(const struct rules *rules)
{
	for (size_t i = 0; i < rules->n_knock_sets; i++) {
		if (rules->sets[i].scanned && !is_plain_syn(&rules->sets[i]))
			return true;
	}
	return rules->udp_scanned;
}

/* A connection counts even if a program listens there: the client may not try one port after the other. */
static void
add_unasked_chain(struct rules *rules, const char *next)
{
	struct rule *rule;

	build_chain(rules, "unasked");
	rule = build_rule(rules, "unasked");
	build_term(rule, TERM_SYN, NULL, NULL);
	build_term(rule, TERM_GOTO, next, NULL);
	rule = build_rule(rules, "unasked");
	build_term(rule, TERM_ASKED, NULL, NULL);
	build_term(rule, TERM_RETURN, NULL, NULL);
	build_term(build_rule(rules, "unasked"), TERM_GOTO, next, NULL);
}

static void
add_local_goto(struct rules *rules, enum local_way way, const char *to)
{
	struct rule *rule = build_rule(rules, "strays");

	build_local(rule, way);
	build_term(rule, TERM_GOTO, to, NULL);
}

/* Packets to this machine go to chain `to`: see build.h about VRF. */
static void
add_local_strays(struct rules *rules, const struct conf *conf, const char *to)
{
	bool queue = rules->capture == CONF_CAPTURE_NFQUEUE;

	if (queue)
		build_vrf_return(rules, "strays");
	else if (!conf->n_interfaces)
		build_vrf_seen(rules, "strays");
	add_local_goto(rules, LOCAL_IN_MAIN, to);
	if (!queue)
		add_local_goto(rules, LOCAL_IN_VRF, to);
	if (queue || conf->n_interfaces)
		add_local_goto(rules, LOCAL_AT_MEMBER, to);
	else if (rules_set(rules, TARGETS4) || rules_set(rules, TARGETS6))
		build_vrf_return(rules, "strays");
}

void
knocker_rules_chains(struct rules *rules, const struct conf *conf)
{
	const char *next = conf->n_interfaces ? "stray_interfaces" : "strays", *last;

	if (!rules_set(rules, KNOCKERS4))
		return;
	last = add_waiting_chain(rules);
	build_chain(rules, "strays");
	add_local_strays(rules, conf, last);
	add_goto(rules, "strays", TARGETS4, last);
	add_goto(rules, "strays", TARGETS6, last);
	if (conf->n_interfaces)
		build_chain(rules, "stray_interfaces");
	build_interfaces(rules, conf, "stray_interfaces", "strays");
	if (wants_unasked(rules))
		add_unasked_chain(rules, next);
	build_chain(rules, "knockers");
	add_knockers(rules, "knockers", wants_unasked(rules) ? "unasked" : next);
	add_udp_chain(rules, next);
}

static void
add_stray(struct rules *rules, enum term_kind kind, const struct port_set *flags)
{
	struct rule *rule = build_rule(rules, RULES_CHAIN_KNOCKS);

	build_term(rule, kind, NULL, flags);
	build_term(rule, TERM_GOTO, "knockers", NULL);
}

/* The first scanned set with these flags; sets differ in their Targets as well. */
static bool
is_first_of_flags(const struct rules *rules, const struct port_set *set)
{
	const struct port_set *first = rules->sets;

	while (!first->scanned || first->mask != set->mask || first->value != set->value)
		first++;
	return first == set;
}

/* In terms of TERM_SYN, which all of this includes; mask 0 includes the rest. */
static void
add_tcp_strays(struct rules *rules)
{
	enum term_kind kind = TERM_SYN;

	for (size_t i = 0; i < rules->n_knock_sets && kind != TERM_TCP; i++) {
		const struct port_set *set = &rules->sets[i];

		if (set->scanned && !set->mask)
			kind = TERM_TCP;
		else if (set->scanned && needs_syn(set) && !is_plain_syn(set))
			kind = TERM_SYN_ANY;
	}
	add_stray(rules, kind, NULL);
	for (size_t i = 0; i < rules->n_knock_sets && kind != TERM_TCP; i++) {
		const struct port_set *set = &rules->sets[i];

		if (set->scanned && !needs_syn(set) && is_first_of_flags(rules, set))
			add_stray(rules, TERM_FLAGS, set);
	}
}

void
knocker_rules_strays(struct rules *rules)
{
	if (!rules_set(rules, KNOCKERS4))
		return;
	add_tcp_strays(rules);
	build_port_rules(rules, RULES_CHAIN_KNOCKS, &rules->held, "udps");
	if (rules->udp_scanned)
		add_stray(rules, TERM_UDP, NULL);
}
