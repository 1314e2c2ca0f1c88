/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guard is a chain at prerouting, after connection tracking (-200) and before DNAT (-100). There the port is still
 * the one that the client sent to, so one chain guards ports that are served here, handed to a container, or forwarded,
 * and the admin's chains, which run later, cannot change that. A second chain at the input hook guards packets that the
 * kernel delivers to a local program although the first chain could not tell that their address is local; DNAT has been
 * judged by the first.
 *
 * Packets of flows that have begun pass, see guard_flows.h. That rule also turns on connection tracking, and so
 * defragmentation: a fragment may lack the ports. If a TCP packet lacks the flags, the guard stops it.
 *
 * Broadcast and multicast reach local sockets, so the guard stops them.
 */
#include "guard_rules.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "build.h"
#include "conf/guard.h"
#include "guard_flows.h"

#define GUARD           "guard" /* all names begin so, but for those of conf/guard.h */
#define GUARD_LOCAL     "guard_local"
#define GUARD_TARGET    "guard_target"
#define GUARD_IDLE      "guard_idle"
#define GUARD_CUT       "guard_cut"
#define GUARD_CUT_HERE  "guard_cut_here"
#define GUARD_PORTS     "guard_ports"
#define GUARD_DELIVERED "guard_delivered"
#define PORTS           "guarded_ports"
#define NUMBERS         "guarded_numbers"

/* The twins of the last four. */
static const char *const until_names[PORT_KEY_OPEN6_TARGET + 1] = {
	[PORT_KEY_OPEN4] = GUARD_UNTIL4,
	[PORT_KEY_OPEN6] = GUARD_UNTIL6,
	[PORT_KEY_OPEN4_TARGET] = GUARD_UNTIL4_TARGET,
	[PORT_KEY_OPEN6_TARGET] = GUARD_UNTIL6_TARGET,
};

#define IDLE_SET_SIZE 65535 /* as nft's own */

#define OLDER_SECONDS (24 * 3600) /* keep-alive packets come every 2 hours (tcp_keepalive_time) */

static const char *const cut_names[GUARD_RULES_CUTS] = { "guarded_cut", "guarded_cut_ip", "guarded_cut_ip6" };

/* In the order of enum port_key. */
static const char *const set_names[PORT_KEY_OPEN6_TARGET + 1] = {
	"guarded", "guarded_ip", "guarded_ip6", GUARD_OPEN4, GUARD_OPEN6, GUARD_OPEN4_TARGET, GUARD_OPEN6_TARGET,
};

bool
guard_rules_has(const char *name, bool open)
{
	for (int key = PORT_KEY_OPEN4; open && key <= PORT_KEY_OPEN6_TARGET; key++) {
		if (!strcmp(name, set_names[key]))
			return true;
	}
	return !strncmp(name, GUARD, strlen(GUARD));
}

/* --- sets ---------------------------------------------------------------------------------------- */

/* The guard's set with this key; NULL: none. */
static const struct port_set *
set_of(const struct rules *rules, enum port_key key)
{
	return rules_set(rules, set_names[key]);
}

/* nft wants a size for a set that packets update; they add nothing to it. */
static void
let_renew(struct port_set *set, const struct conf *conf)
{
	set->size = conf->max_grants > IDLE_SET_SIZE / 2 ? 2 * conf->max_grants : IDLE_SET_SIZE;
}

static int
need_kept(struct rules *rules, const struct conf *conf, enum port_key key)
{
	struct port_set *set;

	if (set_of(rules, key))
		return 0;
	set = build_set(rules, key, set_names[key]);
	if (!set)
		return -1;
	set->kept = true;
	if (!guard_rules_idle(conf))
		return 0;
	let_renew(set, conf);
	set = build_set(rules, key, until_names[key]);
	if (!set)
		return -1;
	set->kept = true;
	return 0;
}

/* The sets for addresses that have knocked at the door. A door without Target takes knocks of both families. */
static int
need_doors_sets(struct rules *rules, const struct conf *conf, const struct door *door)
{
	switch (door->target.family) {
	case AF_INET:
		return need_kept(rules, conf, PORT_KEY_OPEN4_TARGET);
	case AF_INET6:
		return need_kept(rules, conf, PORT_KEY_OPEN6_TARGET);
	}
	return need_kept(rules, conf, PORT_KEY_OPEN4) || need_kept(rules, conf, PORT_KEY_OPEN6) ? -1 : 0;
}

static int
add_ports(struct port_set *set, const struct door *door)
{
	for (size_t i = 0; i < door->open.n; i++) {
		if (build_entry(set, &door->target, &door->open.at[i]))
			return -1;
	}
	return 0;
}

/* `cut`: of the doors that cut. Each set must be complete before the next is added, see build_set(). */
static int
add_guarded(struct rules *rules, const struct conf *conf, enum port_key key, bool cut)
{
	struct port_set *set = NULL;

	for (size_t d = 0; d < conf->n_doors; d++) {
		const struct door *door = &conf->doors[d];

		if (!door->open.n || build_key_of(door) != key || (cut && !door->cut))
			continue;
		if (!set && !(set = build_set(rules, key, cut ? cut_names[key] : set_names[key])))
			return -1;
		if (add_ports(set, door))
			return -1;
		for (size_t i = 0; i < door->open.n && !cut; i++) {
			if (build_port(&rules->guarded, &door->open.at[i]))
				return -1;
		}
	}
	return 0;
}

static bool
has_tcp(const struct port_set *ports)
{
	for (size_t i = 0; i < ports->n; i++) {
		if (ports->at[i].port.proto == IPPROTO_TCP)
			return true;
	}
	return false;
}

static int
add_targets_older(struct port_set *set, const struct door *door)
{
	static const struct addr nowhere;

	for (size_t i = 0; i < door->open.n; i++) {
		const struct knock_port number = { .port = door->open.at[i].port };

		if (door->open.at[i].proto == IPPROTO_TCP && build_entry(set, &nowhere, &number))
			return -1;
	}
	return 0;
}

static int
add_older(struct rules *rules, const struct conf *conf)
{
	struct port_set *set;

	if (!has_tcp(&rules->guarded.with_proto))
		return 0;
	set = build_set(rules, PORT_KEY_NUMBER, GUARD_RULES_OLDER);
	if (!set)
		return -1;
	set->kept = true;
	set->timeout = OLDER_SECONDS;
	for (size_t d = 0; d < conf->n_doors; d++) {
		if (conf->doors[d].target.family && add_targets_older(set, &conf->doors[d]))
			return -1;
	}
	return 0;
}

const struct port_set *
guard_rules_cut(const struct rules *rules, size_t i)
{
	return rules_set(rules, cut_names[i]);
}

static bool
has_cut(const struct rules *rules)
{
	for (size_t i = 0; i < GUARD_RULES_CUTS; i++)
		if (guard_rules_cut(rules, i))
			return true;
	return false;
}

/* Each for its door's Open_Timeout. */
static int
add_begun_ports(struct port_set *set, const struct door *door)
{
	static const struct addr nowhere;

	for (size_t i = 0; i < door->open.n; i++) {
		if (build_entry(set, &nowhere, &door->open.at[i]))
			return -1;
		set->at[set->n - 1].timeout_ms = door->open_timeout_ms ? door->open_timeout_ms : door->idle_ms;
	}
	return 0;
}

static int
add_begun(struct rules *rules, const struct conf *conf)
{
	struct port_set *set;

	if (!has_cut(rules))
		return 0;
	set = build_set(rules, PORT_KEY_LOCAL, GUARD_RULES_BEGUN);
	if (!set)
		return -1;
	set->kept = true;
	for (size_t d = 0; d < conf->n_doors; d++) {
		if (conf->doors[d].cut && add_begun_ports(set, &conf->doors[d]))
			return -1;
	}
	return 0;
}

/* IPv6 is guarded with -4, too: the daemon then ignores knocks over IPv6, and these ports stay shut. */
int
guard_rules_sets(struct rules *rules, const struct conf *conf)
{
	for (enum port_key key = PORT_KEY_LOCAL; key <= PORT_KEY_IP6 && !conf->unguarded; key++) {
		if (add_guarded(rules, conf, key, false) || add_guarded(rules, conf, key, true))
			return -1;
	}
	for (size_t d = 0; d < conf->n_doors; d++) {
		const struct door *door = &conf->doors[d];

		if ((door->open.n || door->close.n) && need_doors_sets(rules, conf, door))
			return -1;
	}
	return add_older(rules, conf) || add_begun(rules, conf) ||
		       build_port_sets(rules, &rules->guarded, PORTS, NUMBERS)
		   ? -1
		   : 0;
}

/* --- chains and rules ---------------------------------------------------------------------------- */

static void
add_shut(struct rules *rules, enum conf_guard policy)
{
	struct rule *rule;

	build_chain(rules, GUARD_SHUT);
	rule = build_rule(rules, GUARD_SHUT);
	build_term(rule, TERM_COUNTER, NULL, NULL);
	switch (policy) {
	case CONF_GUARD_DROP:
		build_term(rule, TERM_DROP, NULL, NULL);
		return;
	case CONF_GUARD_REJECT:
		rule = build_rule(rules, GUARD_SHUT);
		build_term(rule, TERM_TCP, NULL, NULL);
		build_term(rule, TERM_RESET, NULL, NULL);
		build_term(build_rule(rules, GUARD_SHUT), TERM_REJECT, NULL, NULL);
		return;
	}
}

/* Addresses that have knocked pass, others do not. A Target may be an address of this machine. */
static void
add_askers(struct rules *rules, const char *chain, enum port_key first, enum port_key last)
{
	build_chain(rules, chain);
	for (enum port_key key = first; key <= last; key++) {
		const struct port_set *set = set_of(rules, key);
		struct rule *rule;

		if (!set)
			continue;
		rule = build_rule(rules, chain);
		build_term(rule, TERM_SET, NULL, set);
		build_term(rule, TERM_RETURN, NULL, NULL);
	}
	build_term(build_rule(rules, chain), TERM_GOTO, GUARD_SHUT, NULL);
}

static void
add_targets(struct rules *rules, const char *chain, const struct port_set *targets)
{
	struct rule *rule;

	if (!targets)
		return;
	rule = build_rule(rules, chain);
	build_set_term(rule, targets, SIDE_TO);
	build_term(rule, TERM_GOTO, GUARD_TARGET, NULL);
}

/* --- idle ---------------------------------------------------------------------------------------- */

size_t
guard_rules_idle(const struct conf *conf)
{
	size_t n = 0;

	for (size_t d = 0; d < conf->n_doors; d++)
		n += conf->doors[d].idle_ms ? 2 * conf->doors[d].open.n : 0;
	return n;
}

/* A packet of an address that is in the set, and whose end has not come, renews its element, unless that has no time.
 */
static void
add_renewal(struct rules *rules, const struct port_set *set, const struct knock_port *port, uint64_t idle_ms)
{
	struct rule *rule;

	if (!set)
		return;
	rule = build_rule(rules, GUARD_IDLE);
	rule->terms[rule->n++] = (struct term){ .kind = TERM_PORT, .port = port->port, .side = SIDE_TO };
	build_term(rule, port->proto == IPPROTO_TCP ? TERM_TCP : TERM_UDP, NULL, NULL);
	build_term(rule, TERM_SET, NULL, rules_set(rules, until_names[set->key]));
	rule->terms[rule->n++] = (struct term){ .kind = TERM_SET, .set = set, .known = true };
	rule->terms[rule->n++] = (struct term){ .kind = TERM_UPDATE, .set = set, .timeout_ms = idle_ms };
}

static void
add_door_renewals(struct rules *rules, const struct door *door)
{
	bool target = door->target.family;
	const struct port_set *set4 = set_of(rules, target ? PORT_KEY_OPEN4_TARGET : PORT_KEY_OPEN4);
	const struct port_set *set6 = set_of(rules, target ? PORT_KEY_OPEN6_TARGET : PORT_KEY_OPEN6);

	for (size_t i = 0; i < door->open.n && door->idle_ms; i++) {
		if (door->target.family != AF_INET6)
			add_renewal(rules, set4, &door->open.at[i], door->idle_ms);
		if (door->target.family != AF_INET)
			add_renewal(rules, set6, &door->open.at[i], door->idle_ms);
	}
}

static void
add_idle_chain(struct rules *rules, const struct conf *conf)
{
	if (!guard_rules_idle(conf))
		return;
	build_chain(rules, GUARD_IDLE);
	for (size_t d = 0; d < conf->n_doors; d++)
		add_door_renewals(rules, &conf->doors[d]);
}

/* --- cut ----------------------------------------------------------------------------------------- */

/* Packets to the set's ports go to chain `to`, and may come back. */
static void
add_cut_jump(struct rules *rules, const char *chain, const struct port_set *cut, const char *to)
{
	struct rule *rule;

	if (!cut)
		return;
	rule = build_rule(rules, chain);
	build_set_term(rule, cut, SIDE_TO);
	build_term(rule, TERM_JUMP, to, NULL);
}

static void
add_begun_return(struct rules *rules, const char *chain, const struct port_set *begun)
{
	struct rule *rule = build_rule(rules, chain);

	build_set_term(rule, begun, SIDE_TO);
	build_term(rule, TERM_RETURN, NULL, NULL);
}

/* All packets to the ports that are cut, answers too: whatever tracking says, an attacker may have made it say so. */
static void
add_cut_chain(struct rules *rules, const struct guard_sets *sets)
{
	if (!sets->begun)
		return;
	build_chain(rules, GUARD_CUT);
	guard_flows_lo(rules, GUARD_CUT);
	add_begun_return(rules, GUARD_CUT, sets->begun);
	if (sets->cut)
		guard_flows_local(rules, sets->cut, GUARD_CUT, SIDE_TO, GUARD_LOCAL);
	add_targets(rules, GUARD_CUT, sets->cut4);
	add_targets(rules, GUARD_CUT, sets->cut6);
}

static void
add_prerouting(struct rules *rules, const struct conf *conf, const struct guard_sets *sets)
{
	add_idle_chain(rules, conf);
	add_cut_chain(rules, sets);
	build_chain(rules, GUARD_PORTS);
	if (guard_rules_idle(conf))
		build_term(build_rule(rules, GUARD_PORTS), TERM_JUMP, GUARD_IDLE, NULL);
	add_cut_jump(rules, GUARD_PORTS, sets->cut, GUARD_CUT);
	add_cut_jump(rules, GUARD_PORTS, sets->cut4, GUARD_CUT);
	add_cut_jump(rules, GUARD_PORTS, sets->cut6, GUARD_CUT);
	guard_flows_pass(rules, sets, GUARD_PORTS);
	if (sets->local)
		guard_flows_local(rules, sets->local, GUARD_PORTS, SIDE_TO, GUARD_LOCAL);
	add_targets(rules, GUARD_PORTS, sets->target4);
	add_targets(rules, GUARD_PORTS, sets->target6);
	guard_flows_chains(rules, sets);
	build_base_chain(rules, RULES_CHAIN_GUARD, CHAIN_PREROUTING, RULES_PRIORITY_GUARD);
	build_from_port_rules(rules, RULES_CHAIN_GUARD, &rules->guarded, GUARD_BEGINS);
	build_port_rules(rules, RULES_CHAIN_GUARD, &rules->guarded, GUARD_PORTS);
	guard_flows_base(rules, sets, RULES_CHAIN_GUARD);
}

/* The same where the kernel delivers a packet: its address is local. */
static void
add_cut_here_chain(struct rules *rules, const struct guard_sets *sets)
{
	if (!sets->cut)
		return;
	build_chain(rules, GUARD_CUT_HERE);
	guard_flows_lo(rules, GUARD_CUT_HERE);
	add_begun_return(rules, GUARD_CUT_HERE, sets->begun);
	build_term(build_rule(rules, GUARD_CUT_HERE), TERM_GOTO, GUARD_LOCAL, NULL);
}

/* DNAT has given the packet this port: the first chain has judged the port that the client sent to. */
static void
add_input(struct rules *rules, const struct guard_sets *sets)
{
	struct rule *rule;

	add_cut_here_chain(rules, sets);
	build_chain(rules, GUARD_DELIVERED);
	rule = build_rule(rules, GUARD_DELIVERED);
	build_track(rule, TRACK_DNAT);
	build_term(rule, TERM_RETURN, NULL, NULL);
	add_cut_jump(rules, GUARD_DELIVERED, sets->cut, GUARD_CUT_HERE);
	guard_flows_pass(rules, sets, GUARD_DELIVERED);
	rule = build_rule(rules, GUARD_DELIVERED);
	build_set_term(rule, sets->local, SIDE_TO);
	build_term(rule, TERM_GOTO, GUARD_LOCAL, NULL);
	build_base_chain(rules, RULES_CHAIN_INPUT, CHAIN_INPUT, RULES_PRIORITY_GUARD);
	build_port_rules(rules, RULES_CHAIN_INPUT, &rules->guarded, GUARD_DELIVERED);
}

void
guard_rules_add(struct rules *rules, const struct conf *conf)
{
	const struct guard_sets sets = {
		.local = set_of(rules, PORT_KEY_LOCAL),
		.target4 = set_of(rules, PORT_KEY_IP),
		.target6 = set_of(rules, PORT_KEY_IP6),
		.open4 = set_of(rules, PORT_KEY_OPEN4),
		.open6 = set_of(rules, PORT_KEY_OPEN6),
		.older = rules_set(rules, GUARD_RULES_OLDER),
		.cut = guard_rules_cut(rules, PORT_KEY_LOCAL),
		.cut4 = guard_rules_cut(rules, PORT_KEY_IP),
		.cut6 = guard_rules_cut(rules, PORT_KEY_IP6),
		.begun = rules_set(rules, GUARD_RULES_BEGUN),
	};

	if (!sets.local && !sets.target4 && !sets.target6)
		return;
	add_shut(rules, conf->guard_policy);
	if (sets.local)
		add_askers(rules, GUARD_LOCAL, PORT_KEY_OPEN4, PORT_KEY_OPEN6_TARGET);
	if (sets.target4 || sets.target6)
		add_askers(rules, GUARD_TARGET, PORT_KEY_OPEN4_TARGET, PORT_KEY_OPEN6_TARGET);
	add_prerouting(rules, conf, &sets);
	if (sets.local)
		add_input(rules, &sets);
}
