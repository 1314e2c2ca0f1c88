/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "wire/capture.h"

/* --- sets ---------------------------------------------------------------------------------------- */

enum port_key
build_key_of(const struct door *door)
{
	switch (door->target.family) {
	case AF_INET:
		return PORT_KEY_IP;
	case AF_INET6:
		return PORT_KEY_IP6;
	}
	return PORT_KEY_LOCAL;
}

struct port_set *
build_set(struct rules *rules, enum port_key key, const char *name)
{
	struct port_set *set;
	size_t room = rules->room ? 2 * rules->room : 8;
	struct port_set *grown;

	if (rules->n_sets == rules->room) {
		grown = reallocarray(rules->sets, room, sizeof(*grown));
		if (!grown)
			return NULL;
		rules->sets = grown;
		rules->room = room;
	}
	set = &rules->sets[rules->n_sets++];
	*set = (struct port_set){ .key = key };
	snprintf(set->name, sizeof(set->name), "%s", name);
	return set;
}

int
build_dynamic_set(struct rules *rules, enum port_key key, const char *name, uint32_t size, uint32_t timeout)
{
	struct port_set *set = build_set(rules, key, name);

	if (!set)
		return -1;
	set->size = size;
	set->timeout = timeout;
	return 0;
}

int
build_entry(struct port_set *set, const struct addr *target, const struct knock_port *port)
{
	size_t room = set->room ? 2 * set->room : 32;
	struct port_entry *grown;

	if (set->n == set->room) {
		grown = reallocarray(set->at, room, sizeof(*grown));
		if (!grown)
			return -1;
		set->at = grown;
		set->room = room;
	}
	set->at[set->n++] = (struct port_entry){ .target = *target, .port = *port };
	return 0;
}

static int
compare(const void *a, const void *b)
{
	const struct port_entry *left = a, *right = b;
	int order = memcmp(left->target.bytes, right->target.bytes, sizeof(left->target.bytes));

	if (!order)
		order = left->port.proto - right->port.proto;
	return order ? order : left->port.port - right->port.port;
}

static void
sort(struct port_set *set)
{
	size_t kept = 0;

	if (set->n)
		qsort(set->at, set->n, sizeof(*set->at), compare);
	for (size_t i = 0; i < set->n; i++) {
		if (!kept || compare(&set->at[kept - 1], &set->at[i]))
			set->at[kept++] = set->at[i];
	}
	set->n = kept;
}

void
build_sort(struct rules *rules)
{
	for (size_t i = 0; i < rules->n_sets; i++)
		sort(&rules->sets[i]);
}

int
build_port(struct ports *ports, const struct knock_port *port)
{
	static const struct addr nowhere;
	const struct knock_port number = { .port = port->port };

	return build_entry(&ports->with_proto, &nowhere, port) || build_entry(&ports->numbers, &nowhere, &number) ? -1
														  : 0;
}

/* Adds a set for the kernel with the same entries. */
static int
add_copy(struct rules *rules, enum port_key key, const char *name, const struct port_set *of, bool hashed)
{
	struct port_set *set = build_set(rules, key, name);

	if (!set)
		return -1;
	set->hashed = hashed;
	for (size_t i = 0; i < of->n; i++) {
		if (build_entry(set, &of->at[i].target, &of->at[i].port))
			return -1;
	}
	return 0;
}

int
build_port_sets(struct rules *rules, struct ports *ports, const char *name, const char *numbers_name)
{
	struct port_set *numbers = &ports->numbers, *with_proto = &ports->with_proto;
	bool hashed;

	sort(numbers);
	sort(with_proto);
	if (numbers->n <= RULES_COMPARED_MAX)
		return 0;
	hashed = numbers->n > RULES_BITMAP_MAX;
	snprintf(with_proto->name, sizeof(with_proto->name), "%s", name);
	/* sets that differ in flags need different names: printed rules must load over older ones */
	snprintf(numbers->name, sizeof(numbers->name), "%s%s", numbers_name, hashed ? "_hashed" : "");
	return add_copy(rules, PORT_KEY_LOCAL, with_proto->name, with_proto, false) ||
		       add_copy(rules, PORT_KEY_NUMBER, numbers->name, numbers, hashed)
		   ? -1
		   : 0;
}

/* --- chains and rules ---------------------------------------------------------------------------- */

void
build_chain(struct rules *rules, const char *name)
{
	rules->chains[rules->n_chains++] = (struct chain){ .name = name };
}

void
build_base_chain(struct rules *rules, const char *name, enum chain_hook hook, int priority)
{
	rules->chains[rules->n_chains++] = (struct chain){ .name = name, .hook = hook, .priority = priority };
}

struct rule *
build_rule(struct rules *rules, const char *chain)
{
	struct rule *rule = &rules->rules[rules->n_rules++];

	*rule = (struct rule){ .chain = chain };
	return rule;
}

void
build_term(struct rule *rule, enum term_kind kind, const char *name, const struct port_set *set)
{
	rule->terms[rule->n++] = (struct term){ .kind = kind, .name = name, .set = set };
}

void
build_set_term(struct rule *rule, const struct port_set *set, enum side side)
{
	rule->terms[rule->n++] = (struct term){ .kind = TERM_SET, .set = set, .side = side };
}

void
build_track(struct rule *rule, enum track_test track)
{
	rule->terms[rule->n++] = (struct term){ .kind = TERM_TRACKED, .track = track };
}

void
build_fib(struct rule *rule, enum fib_test fib)
{
	rule->terms[rule->n++] = (struct term){ .kind = TERM_FIB, .fib = fib };
}

void
build_local(struct rule *rule, enum local_way way)
{
	switch (way) {
	case LOCAL_IN_MAIN:
		build_fib(rule, FIB_TO_LOCAL);
		return;
	case LOCAL_IN_VRF:
		build_term(rule, TERM_VRF, NULL, NULL);
		build_fib(rule, FIB_TO_NO_HOST_HERE);
		return;
	case LOCAL_AT_MEMBER:
		build_fib(rule, FIB_TO_LOCAL_HERE);
		return;
	}
}

void
build_vrf_seen(struct rules *rules, const char *chain)
{
	struct rule *rule = build_rule(rules, chain);

	build_term(rule, TERM_VRF, NULL, NULL);
	build_fib(rule, FIB_TO_LOCAL);
	build_term(rule, TERM_RETURN, NULL, NULL);
}

void
build_vrf_return(struct rules *rules, const char *chain)
{
	struct rule *rule = build_rule(rules, chain);

	build_term(rule, TERM_VRF, NULL, NULL);
	build_term(rule, TERM_RETURN, NULL, NULL);
}

/* The protocol is compared only if the number stands for TCP alone or UDP alone. */
static void
add_protocol(struct rule *rule, const struct port_set *with_proto, uint16_t number)
{
	bool tcp = false, udp = false;

	for (size_t i = 0; i < with_proto->n; i++) {
		const struct knock_port *port = &with_proto->at[i].port;

		tcp |= port->port == number && port->proto == IPPROTO_TCP;
		udp |= port->port == number && port->proto == IPPROTO_UDP;
	}
	if (tcp != udp)
		build_term(rule, tcp ? TERM_TCP : TERM_UDP, NULL, NULL);
}

/* Packets to these ports go there and do not come back, packets from them do. */
static void
add_verdict(struct rule *rule, enum side side, const char *to)
{
	build_term(rule, side == SIDE_FROM ? TERM_JUMP : TERM_GOTO, to, NULL);
}

static void
add_comparison(struct rule *rule, const struct ports *ports, uint16_t number, enum side side)
{
	rule->terms[rule->n++] = (struct term){ .kind = TERM_PORT, .port = number, .side = side };
	add_protocol(rule, &ports->with_proto, number);
}

static void
add_port_rules(struct rules *rules, const char *chain, const struct ports *ports, enum side side, const char *to)
{
	const struct port_set *numbers = rules_set(rules, ports->numbers.name);
	struct rule *rule;

	for (size_t i = 0; i < ports->numbers.n && !numbers; i++) {
		rule = build_rule(rules, chain);
		add_comparison(rule, ports, ports->numbers.at[i].port.port, side);
		add_verdict(rule, side, to);
	}
	if (!numbers)
		return;
	rule = build_rule(rules, chain);
	build_set_term(rule, numbers, side);
	build_set_term(rule, rules_set(rules, ports->with_proto.name), side);
	add_verdict(rule, side, to);
}

void
build_port_rules(struct rules *rules, const char *chain, const struct ports *ports, const char *to)
{
	add_port_rules(rules, chain, ports, SIDE_TO, to);
}

void
build_from_port_rules(struct rules *rules, const char *chain, const struct ports *ports, const char *to)
{
	add_port_rules(rules, chain, ports, SIDE_FROM, to);
}

bool
build_is_new_range(const struct conf *conf, size_t door)
{
	const struct knock_port *auth = seq_auth(&conf->doors[door].seq), *other;

	for (size_t i = 0; auth && i < door; i++) {
		other = seq_auth(&conf->doors[i].seq);
		if (other && other->port == auth->port && other->last == auth->last)
			return false;
	}
	return auth;
}

void
build_signed(struct rule *rule, const struct knock_port *auth)
{
	rule->terms[rule->n++] = (struct term){ .kind = TERM_SIGNED, .port = auth->port, .last = auth->last };
}

void
build_over(struct rule *rule, uint32_t rate, uint32_t burst)
{
	rule->terms[rule->n++] = (struct term){ .kind = TERM_OVER, .rate = rate, .burst = burst };
}

void
build_capture(const struct rules *rules, struct rule *rule, enum capture_way way, uint16_t threshold)
{
	static const char *const prefixes[CAPTURE_WAYS] = { CAPTURE_PREFIX_LOCAL, CAPTURE_PREFIX_TARGET };

	switch (rules->capture) {
	case CONF_CAPTURE_NFLOG:
		rule->terms[rule->n++] =
		    (struct term){ .kind = TERM_LOG, .name = prefixes[way], .threshold = threshold };
		break;
	case CONF_CAPTURE_NFQUEUE:
		rule->terms[rule->n++] = (struct term){ .kind = TERM_QUEUE, .way = way };
		break;
	}
}

void
build_interfaces(struct rules *rules, const struct conf *conf, const char *chain, const char *to)
{
	for (size_t i = 0; i < conf->n_interfaces; i++) {
		struct rule *rule;

		/* nft's text cannot contain a quote; the parser has warned */
		if (strchr(conf->interfaces[i], '"'))
			continue;
		rule = build_rule(rules, chain);
		if (strcmp(conf->interfaces[i], "*"))
			build_term(rule, TERM_IFNAME, conf->interfaces[i], NULL);
		build_term(rule, TERM_GOTO, to, NULL);
	}
}
