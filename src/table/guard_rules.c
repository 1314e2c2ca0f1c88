/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guard. One chain at prerouting, after connection tracking (-200) and before DNAT (-100): there the port is
 * still the one that the client sent to, whether it is served here, handed to a container, or forwarded, and
 * whatever the user's own chains do afterwards. So one place guards input and forward alike.
 *
 * TCP needs no connection tracking: only a packet that opens a connection is stopped, SYN without ACK, so what
 * was established before the guard came, or before tracking began, goes on. It is not asked whether tracking
 * calls such a packet established: it picks up connections in the middle, so a stray ACK, which passes, would be
 * the beginning of an argument. UDP has no such packet; there a flow that tracking knows in both directions passes.
 * The rule for UDP stands there for TCP's sake, too: tracking brings defragmentation, and a packet in pieces
 * has its flags in none or all of them. Should the flags not be there, the first rule does not match, and the
 * packet is stopped.
 *
 * lo passes: who is on the machine needs no door. Broadcast and multicast reach local sockets and are guarded.
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

/* Where the door's knockers are written down. Both families can knock at a door of this machine. */
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

/* One set after the other, since each must be complete before the next is added. */
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

/* With -4, too: knocks over IPv6 are ignored then, and so nobody gets in over it. */
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

/* Who has knocked goes on to the user's own chains, the rest does not. A Target may be an address of this machine. */
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
			build_term(rule, TERM_NOT_UNICAST, NULL, NULL);
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
