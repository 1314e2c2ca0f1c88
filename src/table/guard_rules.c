/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guard is one chain at prerouting, after connection tracking (-200) and before DNAT (-100). There the port is
 * still the one that the client sent to, so one chain guards ports that are served here, handed to a container, or
 * forwarded, and the admin's chains, which run later, cannot change that.
 *
 * TCP: the guard stops only SYN without ACK, so connections that are older than the guard or than connection tracking
 * continue. It does not use tracking's state: tracking picks up connections in the middle, so an attacker's stray ACK,
 * which the guard lets pass, would make the SYN after it established. UDP: flows that tracking has seen in both
 * directions pass. That rule also helps TCP: tracking turns on defragmentation, and a fragment may lack the flags.
 * Without the flags the first rule does not match, and the guard stops the packet.
 *
 * lo passes: local users need no door. Broadcast and multicast reach local sockets, so the guard stops them.
 */
#include "guard_rules.h"

#include <string.h>
#include <sys/socket.h>

#include "build.h"
#include "conf/guard.h"

#define GUARD_LOCAL  "guard_local"
#define GUARD_TARGET "guard_target"
#define GUARD_SHUT   "guard_shut"
#define GUARD_PORTS  "guard_ports"
#define PORTS        "guarded_ports"
#define NUMBERS      "guarded_numbers"

/* In the order of enum port_key. */
static const char *const set_names[PORT_KEY_OPEN6_TARGET + 1] = {
	"guarded", "guarded_ip", "guarded_ip6", GUARD_OPEN4, GUARD_OPEN6, GUARD_OPEN4_TARGET, GUARD_OPEN6_TARGET,
};

bool
guard_rules_has(const char *name, bool open)
{
	static const char *const chains[] = { RULES_CHAIN_GUARD, GUARD_PORTS, GUARD_LOCAL, GUARD_TARGET, GUARD_SHUT };

	for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++) {
		if (!strcmp(name, chains[i]))
			return true;
	}
	for (int key = 0; key <= (open ? PORT_KEY_OPEN6_TARGET : PORT_KEY_IP6); key++) {
		if (!strcmp(name, set_names[key]))
			return true;
	}
	return !strcmp(name, PORTS) || !strncmp(name, NUMBERS, strlen(NUMBERS));
}

/* --- sets ---------------------------------------------------------------------------------------- */

/* The guard's set with this key; NULL: none. */
static const struct port_set *
set_of(const struct rules *rules, enum port_key key)
{
	return rules_set(rules, set_names[key]);
}

static int
need_kept(struct rules *rules, enum port_key key)
{
	struct port_set *set;

	if (set_of(rules, key))
		return 0;
	set = build_set(rules, key, set_names[key]);
	if (!set)
		return -1;
	set->kept = true;
	return 0;
}

/* The sets for addresses that have knocked at the door. A door without Target takes knocks of both families. */
static int
need_doors_sets(struct rules *rules, const struct door *door)
{
	switch (door->target.family) {
	case AF_INET:
		return need_kept(rules, PORT_KEY_OPEN4_TARGET);
	case AF_INET6:
		return need_kept(rules, PORT_KEY_OPEN6_TARGET);
	}
	return need_kept(rules, PORT_KEY_OPEN4) || need_kept(rules, PORT_KEY_OPEN6) ? -1 : 0;
}

/* Each set must be complete before the next is added, see build_set(). */
static int
add_guarded(struct rules *rules, const struct conf *conf, enum port_key key)
{
	struct port_set *set = NULL;

	for (size_t d = 0; d < conf->n_doors; d++) {
		const struct door *door = &conf->doors[d];

		if (!door->open.n || build_key_of(door) != key)
			continue;
		if (!set && !(set = build_set(rules, key, set_names[key])))
			return -1;
		for (size_t i = 0; i < door->open.n; i++) {
			if (build_entry(set, &door->target, &door->open.at[i]) ||
			    build_port(&rules->guarded, &door->open.at[i]))
				return -1;
		}
	}
	return 0;
}

/* IPv6 is guarded with -4, too: the daemon then ignores knocks over IPv6, and these ports stay shut. */
int
guard_rules_sets(struct rules *rules, const struct conf *conf)
{
	for (enum port_key key = PORT_KEY_LOCAL; key <= PORT_KEY_IP6 && !conf->unguarded; key++) {
		if (add_guarded(rules, conf, key))
			return -1;
	}
	for (size_t d = 0; d < conf->n_doors; d++) {
		const struct door *door = &conf->doors[d];

		if ((door->open.n || door->close.n) && need_doors_sets(rules, door))
			return -1;
	}
	return build_port_sets(rules, &rules->guarded, PORTS, NUMBERS);
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
add_passers(struct rules *rules)
{
	struct rule *rule = build_rule(rules, GUARD_PORTS);

	build_term(rule, TERM_UNDER_WAY, NULL, NULL);
	build_term(rule, TERM_RETURN, NULL, NULL);
	rule = build_rule(rules, GUARD_PORTS);
	build_term(rule, TERM_UDP, NULL, NULL);
	build_term(rule, TERM_ESTABLISHED, NULL, NULL);
	build_term(rule, TERM_RETURN, NULL, NULL);
	rule = build_rule(rules, GUARD_PORTS);
	build_term(rule, TERM_IFNAME, "lo", NULL);
	build_term(rule, TERM_RETURN, NULL, NULL);
}

static void
add_judges(struct rules *rules)
{
	add_passers(rules);
	for (enum port_key key = PORT_KEY_LOCAL; key <= PORT_KEY_IP6; key++) {
		const struct port_set *set = set_of(rules, key);
		struct rule *rule;

		if (!set)
			continue;
		rule = build_rule(rules, GUARD_PORTS);
		build_term(rule, TERM_SET, NULL, set);
		if (key == PORT_KEY_LOCAL)
			build_fib(rule, FIB_TO_NOT_UNICAST);
		build_term(rule, TERM_GOTO, key == PORT_KEY_LOCAL ? GUARD_LOCAL : GUARD_TARGET, NULL);
	}
}

void
guard_rules_add(struct rules *rules, const struct conf *conf)
{
	bool local = set_of(rules, PORT_KEY_LOCAL);
	bool target = set_of(rules, PORT_KEY_IP) || set_of(rules, PORT_KEY_IP6);

	if (!local && !target)
		return;
	add_shut(rules, conf->guard_policy);
	if (local)
		add_askers(rules, GUARD_LOCAL, PORT_KEY_OPEN4, PORT_KEY_OPEN6_TARGET);
	if (target)
		add_askers(rules, GUARD_TARGET, PORT_KEY_OPEN4_TARGET, PORT_KEY_OPEN6_TARGET);
	build_chain(rules, GUARD_PORTS);
	add_judges(rules);
	build_base_chain(rules, RULES_CHAIN_GUARD, RULES_PRIORITY_GUARD);
	build_port_rules(rules, RULES_CHAIN_GUARD, &rules->guarded, GUARD_PORTS);
}
