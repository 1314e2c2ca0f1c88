/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "rules_build.h"
#include "wire/capture.h"

#define PORTS        "ports"
#define NUMBERS      "port_numbers"
#define TCP_FLAGS    8
#define REGISTER_LEN 4
#define RULES_FIXED  3 /* two in `report`, one in `prerouting` if ports are not compared there */

const char *
rules_flag_name(unsigned bit)
{
	static const char *const names[TCP_FLAGS] = { "fin", "syn", "rst", "psh", "ack", "urg", "ecn", "cwr" };

	return names[bit];
}

/* --- sets ---------------------------------------------------------------------------------------- */

const char *const rules_chain_names[] = { "report",           "knocks",           "interfaces",  "waiting",
					  "strays",           "stray_interfaces", "syns",        "udps",
					  RULES_CHAIN_KNOCKS, "guard_shut",       "guard_local", "guard_target",
					  "guard_ports",      RULES_CHAIN_GUARD,  NULL };

struct key_shape
rules_key_shape(enum port_key key)
{
	switch (key) {
	case PORT_KEY_LOCAL:
	case PORT_KEYS:
		break;
	case PORT_KEY_IP:
		return (struct key_shape){ 4, false, true, true, true };
	case PORT_KEY_IP6:
		return (struct key_shape){ 16, false, true, true, true };
	case PORT_KEY_OPEN4:
		return (struct key_shape){ 4, true, false, true, true };
	case PORT_KEY_OPEN6:
		return (struct key_shape){ 16, true, false, true, true };
	case PORT_KEY_OPEN4_TARGET:
		return (struct key_shape){ 4, true, true, true, true };
	case PORT_KEY_OPEN6_TARGET:
		return (struct key_shape){ 16, true, true, true, true };
	case PORT_KEY_SOURCE4:
		return (struct key_shape){ 4, true, false, false, false };
	case PORT_KEY_SOURCE6:
		return (struct key_shape){ 16, true, false, false, false };
	case PORT_KEY_TARGET4:
		return (struct key_shape){ 4, false, true, false, false };
	case PORT_KEY_TARGET6:
		return (struct key_shape){ 16, false, true, false, false };
	case PORT_KEY_NUMBER:
		return (struct key_shape){ 0, false, false, false, true };
	}
	return (struct key_shape){ 0, false, false, true, true };
}

/* Every field of several begins at a multiple of REGISTER_LEN. */
uint32_t
rules_entry_key(const struct port_entry *entry, uint8_t key[static NFTKEY_LEN_MAX])
{
	uint32_t at = (uint32_t)addr_len(&entry->target);

	memset(key, 0, NFTKEY_LEN_MAX);
	memcpy(key, entry->target.bytes, at);
	if (entry->port.proto) {
		key[at] = entry->port.proto;
		at += REGISTER_LEN;
	}
	if (!entry->port.port)
		return at;
	key[at] = (uint8_t)(entry->port.port >> 8);
	key[at + 1] = (uint8_t)entry->port.port;
	return at ? at + REGISTER_LEN : (uint32_t)sizeof(entry->port.port);
}

enum port_key
rules_key_of(const struct door *door)
{
	switch (door->target.family) {
	case AF_INET:
		return PORT_KEY_IP;
	case AF_INET6:
		return PORT_KEY_IP6;
	}
	return PORT_KEY_LOCAL;
}

/* "local_any", "ip_syn_not_ack": what the set's packets have in common. */
static void
name_set(struct port_set *set)
{
	static const char *const prefixes[] = { "local", "ip", "ip6" }; /* other keys are the guard's */
	int used = snprintf(set->name, sizeof(set->name), "%s%s", prefixes[set->key], set->mask ? "" : "_any");

	for (unsigned bit = 0; bit < TCP_FLAGS; bit++) {
		if (set->mask & 1u << bit)
			used += snprintf(set->name + used, sizeof(set->name) - (size_t)used, "%s_%s",
					 set->value & 1u << bit ? "" : "_not", rules_flag_name(bit));
	}
}

struct port_set *
rules_add_set(struct rules *rules, enum port_key key, const char *name)
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

const struct port_set *
rules_set(const struct rules *rules, const char *name)
{
	for (size_t i = 0; i < rules->n_sets; i++) {
		if (!strcmp(rules->sets[i].name, name))
			return &rules->sets[i];
	}
	return NULL;
}

/* The set of such packets, a new one if need be. */
static struct port_set *
find_set(struct rules *rules, enum port_key key, uint8_t mask, uint8_t value)
{
	struct port_set *set;

	for (size_t i = 0; i < rules->n_sets; i++) {
		set = &rules->sets[i];
		if (set->key == key && set->mask == mask && set->value == value)
			return set;
	}
	set = rules_add_set(rules, key, "");
	if (!set)
		return NULL;
	set->mask = mask;
	set->value = value;
	name_set(set);
	return set;
}

int
rules_add_dynamic_set(struct rules *rules, enum port_key key, const char *name, uint32_t size, uint32_t timeout)
{
	struct port_set *set = rules_add_set(rules, key, name);

	if (!set)
		return -1;
	set->size = size;
	set->timeout = timeout;
	return 0;
}

int
rules_add_entry(struct port_set *set, const struct addr *target, const struct knock_port *port)
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

/* UDP has no flags: its ports are among those of any flags. */
static int
add_door(struct rules *rules, const struct door *door)
{
	for (size_t i = 0; i < door->seq.n; i++) {
		const struct knock_port *port = &door->seq.at[i];
		bool tcp = port->proto == IPPROTO_TCP;
		struct port_set *set = find_set(rules, rules_key_of(door), tcp ? door->flags_mask : 0,
						tcp ? door->flags_value & door->flags_mask : 0);

		if (!set || rules_add_entry(set, &door->target, port) || rules_add_port(&rules->knocked, port))
			return -1;
	}
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

int
rules_add_port(struct ports *ports, const struct knock_port *port)
{
	static const struct addr nowhere;
	const struct knock_port number = { .port = port->port };

	return rules_add_entry(&ports->with_proto, &nowhere, port) ||
		       rules_add_entry(&ports->numbers, &nowhere, &number)
		   ? -1
		   : 0;
}

/* A set of the kernel's with the same entries. */
static int
add_copy(struct rules *rules, enum port_key key, const char *name, const struct port_set *of, bool hashed)
{
	struct port_set *set = rules_add_set(rules, key, name);

	if (!set)
		return -1;
	set->hashed = hashed;
	for (size_t i = 0; i < of->n; i++) {
		if (rules_add_entry(set, &of->at[i].target, &of->at[i].port))
			return -1;
	}
	return 0;
}

int
rules_close_ports(struct rules *rules, struct ports *ports, const char *name, const char *numbers_name)
{
	struct port_set *numbers = &ports->numbers, *with_proto = &ports->with_proto;
	bool hashed;

	sort(numbers);
	sort(with_proto);
	if (numbers->n <= RULES_COMPARED_MAX)
		return 0;
	hashed = numbers->n > RULES_BITMAP_MAX;
	snprintf(with_proto->name, sizeof(with_proto->name), "%s", name);
	/* sets that differ in flags have different names, lest printed rules cannot be loaded over older ones */
	snprintf(numbers->name, sizeof(numbers->name), "%s%s", numbers_name, hashed ? "_hashed" : "");
	return add_copy(rules, PORT_KEY_LOCAL, with_proto->name, with_proto, false) ||
		       add_copy(rules, PORT_KEY_NUMBER, numbers->name, numbers, hashed)
		   ? -1
		   : 0;
}

/* In the order of the keys, so that local sets come before those with a Target. */
static int
add_doors(struct rules *rules, const struct conf *conf)
{
	for (enum port_key key = PORT_KEY_LOCAL; key <= PORT_KEY_IP6; key++) {
		if (key == PORT_KEY_IP6 && conf->only_ipv4)
			continue;
		for (size_t i = 0; i < conf->n_doors; i++) {
			if (rules_key_of(&conf->doors[i]) == key && add_door(rules, &conf->doors[i]))
				return -1;
		}
	}
	rules->n_knock_sets = rules->n_sets;
	return rules_close_ports(rules, &rules->knocked, PORTS, NUMBERS);
}

/* --- chains and rules ---------------------------------------------------------------------------- */

void
rules_add_chain(struct rules *rules, const char *name)
{
	rules->chains[rules->n_chains++] = (struct chain){ .name = name };
}

void
rules_add_base_chain(struct rules *rules, const char *name, int priority)
{
	rules->chains[rules->n_chains++] = (struct chain){ .name = name, .base = true, .priority = priority };
}

struct rule *
rules_add_rule(struct rules *rules, const char *chain)
{
	struct rule *rule = &rules->rules[rules->n_rules++];

	*rule = (struct rule){ .chain = chain };
	return rule;
}

void
rules_add_term(struct rule *rule, enum term_kind kind, const char *name, const struct port_set *set)
{
	rule->terms[rule->n++] = (struct term){ .kind = kind, .name = name, .set = set };
}

/* TCP and UDP, the only protocols there are, unless just one of them is meant by the number. */
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
		rules_add_term(rule, tcp ? TERM_TCP : TERM_UDP, NULL, NULL);
}

static void
add_comparison(struct rules *rules, const char *chain, const struct ports *ports, uint16_t number, const char *to)
{
	struct rule *rule = rules_add_rule(rules, chain);

	rule->terms[rule->n++] = (struct term){ .kind = TERM_PORT, .port = number };
	add_protocol(rule, &ports->with_proto, number);
	rules_add_term(rule, TERM_GOTO, to, NULL);
}

void
rules_add_port_rules(struct rules *rules, const char *chain, const struct ports *ports, const char *to)
{
	const struct port_set *numbers = rules_set(rules, ports->numbers.name);
	struct rule *rule;

	for (size_t i = 0; i < ports->numbers.n && !numbers; i++)
		add_comparison(rules, chain, ports, ports->numbers.at[i].port.port, to);
	if (!numbers)
		return;
	rule = rules_add_rule(rules, chain);
	rules_add_term(rule, TERM_SET, NULL, numbers);
	rules_add_term(rule, TERM_SET, NULL, rules_set(rules, ports->with_proto.name));
	rules_add_term(rule, TERM_GOTO, to, NULL);
}

void
rules_add_capture(const struct rules *rules, struct rule *rule, enum capture_way way)
{
	static const char *const prefixes[CAPTURE_WAYS] = { CAPTURE_PREFIX_LOCAL, CAPTURE_PREFIX_TARGET };

	switch (rules->capture) {
	case CONF_CAPTURE_NFLOG:
		rules_add_term(rule, TERM_LOG, prefixes[way], NULL);
		break;
	case CONF_CAPTURE_NFQUEUE:
		rule->terms[rule->n++] = (struct term){ .kind = TERM_QUEUE, .way = way };
		break;
	}
}

/*
 * Whether an address is this machine's is asked once a packet is to be reported, not for every packet. What is logged
 * goes on to the next rule, what is queued does not.
 */
static void
add_report(struct rules *rules)
{
	struct rule *rule;

	rules_add_rates(rules);
	rules_add_knockers(rules);
	rule = rules_add_rule(rules, "report");
	rules_add_term(rule, TERM_LOCAL, NULL, NULL);
	rules_add_capture(rules, rule, CAPTURE_LOCAL);
	if (rules->capture == CONF_CAPTURE_NFLOG)
		rules_add_term(rule, TERM_RETURN, NULL, NULL);
	rules_add_capture(rules, rules_add_rule(rules, "report"), CAPTURE_TARGET);
}

static void
add_knocks(struct rules *rules, bool only_ipv4)
{
	for (size_t i = 0; i < rules->n_knock_sets; i++) {
		const struct port_set *set = &rules->sets[i];
		struct rule *rule = rules_add_rule(rules, "knocks");

		if (set->key == PORT_KEY_LOCAL && only_ipv4)
			rules_add_term(rule, TERM_IPV4, NULL, NULL);
		rules_add_term(rule, TERM_SET, NULL, set);
		if (set->mask)
			rules_add_term(rule, TERM_FLAGS, NULL, set);
		if (set->key == PORT_KEY_LOCAL)
			rules_add_term(rule, TERM_LOCAL, NULL, NULL);
		rules_add_term(rule, TERM_COUNTER, NULL, NULL);
		rules_add_term(rule, TERM_GOTO, "report", NULL);
	}
}

void
rules_add_interfaces(struct rules *rules, const struct conf *conf, const char *chain, const char *to)
{
	for (size_t i = 0; i < conf->n_interfaces; i++) {
		struct rule *rule;

		/* nft's text has no way to write a quote; the parser has warned of it */
		if (strchr(conf->interfaces[i], '"'))
			continue;
		rule = rules_add_rule(rules, chain);
		if (strcmp(conf->interfaces[i], "*"))
			rules_add_term(rule, TERM_IFNAME, conf->interfaces[i], NULL);
		rules_add_term(rule, TERM_GOTO, to, NULL);
	}
}

/* Without a single port there is nothing to log: the bare base chain shows that the daemon is there. */
static void
add_knock_chains(struct rules *rules, const struct conf *conf)
{
	if (rules->n_knock_sets) {
		rules_add_chain(rules, "report");
		add_report(rules);
		rules_add_chain(rules, "knocks");
		add_knocks(rules, conf->only_ipv4);
		if (conf->n_interfaces)
			rules_add_chain(rules, "interfaces");
		rules_add_interfaces(rules, conf, "interfaces", "knocks");
		rules_add_stray_chains(rules, conf);
	}
	rules_add_base_chain(rules, RULES_CHAIN_KNOCKS, RULES_PRIORITY_KNOCKS);
	if (rules->n_knock_sets) {
		rules_add_port_rules(rules, RULES_CHAIN_KNOCKS, &rules->knocked,
				     conf->n_interfaces ? "interfaces" : "knocks");
		rules_add_strays(rules);
	}
}

static int
fill(struct rules *rules, const struct conf *conf)
{
	rules->capture = conf->capture;
	rules->group = conf->nflog_group;
	rules->queue = conf->queue_num;
	if (add_doors(rules, conf) || rules_add_guard_sets(rules, conf) || rules_add_rate_sets(rules, conf) ||
	    rules_add_knocker_sets(rules, conf))
		return -1;
	for (size_t i = 0; i < rules->n_sets; i++)
		sort(&rules->sets[i]);
	rules->rules = calloc(rules->n_sets + 2 * conf->n_interfaces + RULES_FIXED + RULES_COMPARED_MAX +
				  RULES_RATES_MAX + RULES_KNOCKERS_MAX + RULES_GUARD_MAX,
			      sizeof(*rules->rules));
	if (!rules->rules)
		return -1;
	add_knock_chains(rules, conf);
	rules_add_guard(rules, conf);
	return 0;
}

struct rules *
rules_new(const struct conf *conf)
{
	struct rules *rules = calloc(1, sizeof(*rules));

	if (rules && fill(rules, conf)) {
		rules_free(rules);
		return NULL;
	}
	return rules;
}

static void
free_ports(struct ports *ports)
{
	free(ports->with_proto.at);
	free(ports->numbers.at);
}

void
rules_free(struct rules *rules)
{
	if (!rules)
		return;
	for (size_t i = 0; i < rules->n_sets; i++)
		free(rules->sets[i].at);
	free(rules->sets);
	free_ports(&rules->knocked);
	free_ports(&rules->guarded);
	free_ports(&rules->held);
	free(rules->rules);
	free(rules);
}
