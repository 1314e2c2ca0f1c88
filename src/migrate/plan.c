/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Doors that have a rule in common move together: an opener that became `open`, and a closer that still deleted a rule
 * of iptables, would leave the client in. So the doors are in groups, and a door that stays keeps its group.
 */
#include "plan.h"

#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan_read.h"

static const char *
name_of(const struct plan *plan, size_t d)
{
	return plan->conf->doors[d].name;
}

/* A NULL reason is out of memory. */
static void
stay(struct plan *plan, size_t d, const char *reason)
{
	plan->doors[d].role = PLAN_STAYS;
	plan->doors[d].reason = reason ? reason : "out of memory";
}

static bool
moves(const struct plan_door *door)
{
	return door->role == PLAN_OPENER || door->role == PLAN_CLOSER;
}

/* ---- groups --------------------------------------------------------------------------------------- */

static size_t
group_of(struct plan *plan, size_t d)
{
	while (plan->doors[d].group != d) {
		plan->doors[d].group = plan->doors[plan->doors[d].group].group;
		d = plan->doors[d].group;
	}
	return d;
}

static void
join(struct plan *plan, size_t a, size_t b)
{
	a = group_of(plan, a);
	b = group_of(plan, b);
	plan->doors[a > b ? a : b].group = a > b ? b : a;
}

/* ---- rules that are looked up --------------------------------------------------------------------- */

/* No rule's key begins like this. */
static struct plan_chain *
chain_of(struct plan *plan, const struct rule *rule)
{
	const char *key = arena_print(plan->arena, "the chain %s", rule->chain);

	return key ? names_get(&plan->keys, plan->arena, key, sizeof(struct plan_chain)) : NULL;
}

static int
note_chains(struct plan *plan, const struct plan_door *door)
{
	for (size_t i = 0; i < door->n_rules; i++) {
		const struct rule *rule = &door->rules[i];
		struct plan_chain *chain;

		if (!rule->adds || !rule->chain)
			continue;
		chain = chain_of(plan, rule);
		if (!chain)
			return -1;
		/* a rule that could not be read is another one */
		if (!rule->key || (chain->rule && strcmp(chain->rule->key, rule->key) != 0))
			chain->several = true;
		else
			chain->rule = rule;
	}
	return 0;
}

/* A closer that looks up its rule means the one that doors of this file add to the chain. */
static int
resolve_lookups(struct plan *plan, size_t d)
{
	struct plan_door *door = &plan->doors[d];

	for (size_t i = 0; i < door->n_rules; i++) {
		struct rule *rule = &door->rules[i];
		const struct plan_chain *chain;

		if (!plan_read_is_lookup(rule))
			continue;
		chain = chain_of(plan, rule);
		if (!chain)
			return -1;
		if (chain->rule && !chain->several)
			plan_read_resolve(rule, chain->rule);
		else if (door->role != PLAN_STAYS)
			stay(plan, d, PLAN_READ_UNCLEAR);
	}
	return 0;
}

static int
resolve(struct plan *plan)
{
	for (size_t d = 0; d < plan->source->n_doors; d++)
		if (note_chains(plan, &plan->doors[d]))
			return -1;
	for (size_t d = 0; d < plan->source->n_doors; d++)
		if (resolve_lookups(plan, d))
			return -1;
	return 0;
}

/* ---- keys ----------------------------------------------------------------------------------------- */

static int
share_keys(struct plan *plan, size_t d)
{
	struct plan_door *door = &plan->doors[d];

	for (size_t i = 0; i < door->n_rules; i++) {
		struct rule *rule = &door->rules[i];

		if (!rule->key)
			continue;
		rule->shared = names_get(&plan->keys, plan->arena, rule->key, sizeof(*rule->shared));
		if (!rule->shared)
			return -1;
		if (!rule->shared->opened && !rule->shared->closed)
			rule->shared->door = d;
		join(plan, rule->shared->door, d);
		/* what a start command and its stop command do is the door's own */
		if (rule->adds)
			rule->shared->opened = true;
		else
			rule->shared->closed = true;
	}
	return 0;
}

/* ---- accesses without an end, and closers without a beginning --------------------------------------- */

/* Might this command, which stays, end the access of one client? Scripts that get the address might. */
static bool
may_close(const struct plan *plan, size_t d)
{
	static const char *const words[] = { "-D", "-F", "delete", "flush", "remove", "reset", "%IP%" };
	const char *texts[] = { plan->source->doors[d].keys[SOURCE_START].value,
				plan->source->doors[d].keys[SOURCE_START_6].value,
				plan->source->doors[d].keys[SOURCE_STOP].value,
				plan->source->doors[d].keys[SOURCE_STOP_6].value };

	for (size_t t = 0; t < sizeof(texts) / sizeof(texts[0]); t++)
		for (size_t w = 0; texts[t] && w < sizeof(words) / sizeof(words[0]); w++)
			if (strstr(texts[t], words[w]))
				return true;
	return false;
}

static bool
is_closed(const struct plan_door *door)
{
	for (size_t i = 0; i < door->n_rules; i++)
		if (!door->rules[i].shared->closed)
			return false;
	return true;
}

static void
check_ends(struct plan *plan)
{
	size_t n = plan->source->n_doors, closer = n;

	for (size_t d = 0; d < n && closer == n; d++)
		if (plan->doors[d].role == PLAN_STAYS && may_close(plan, d))
			closer = d;
	for (size_t d = 0; d < n; d++) {
		struct plan_door *door = &plan->doors[d];

		if (door->role != PLAN_OPENER || door->timeout_ms || is_closed(door))
			continue;
		if (closer < n)
			stay(plan, d,
			     arena_print(plan->arena, "no door that moves closes it, and [%s], which stays, may",
					 name_of(plan, closer)));
		else
			door->remark = "nothing in this file ends the access: choose a time";
	}
}

static void
check_closers(struct plan *plan)
{
	for (size_t d = 0; d < plan->source->n_doors; d++) {
		const struct plan_door *door = &plan->doors[d];

		for (size_t i = 0; door->role == PLAN_CLOSER && i < door->n_rules; i++)
			if (!door->rules[i].shared->opened)
				stay(plan, d, "no door of this file adds what it deletes");
	}
}

static int
check_groups(struct plan *plan)
{
	size_t n = plan->source->n_doors;
	size_t *stays = calloc(n + 1, sizeof(*stays)); /* by group: a door that stays, plus one */

	if (!stays)
		return -1;
	for (size_t d = 0; d < n; d++)
		if (plan->doors[d].role == PLAN_STAYS)
			stays[group_of(plan, d)] = d + 1;
	for (size_t d = 0; d < n; d++) {
		size_t other = stays[group_of(plan, d)];

		if (other && moves(&plan->doors[d]))
			stay(plan, d,
			     arena_print(plan->arena, "it has a rule in common with [%s], which stays",
					 name_of(plan, other - 1)));
	}
	free(stays);
	return 0;
}

/* ---- ports that more than one rule opens ------------------------------------------------------------ */

/* The guard shuts a port for everybody, and opens it for a client as a whole. */
struct use {
	const char *key[CONF_FAMILIES]; /* the rules that let this port in */
	size_t door;                    /* plus one, of those */
	bool shared;                    /* by rules that are not the same, or by a door that stays */
};

struct uses {
	struct use ports[2 * 65536], now[2 * 65536]; /* of all doors so far; of the door being looked at */
};

static size_t
index_of(const struct knock_port *port)
{
	return (port->proto == IPPROTO_UDP ? 65536U : 0) + port->port;
}

/* A command that could not be read may open each port whose number or name is in it. */
static void
share_words(struct uses *uses, const char *text)
{
	static const struct {
		const char *name;
		unsigned port;
	} names[] = { { "ssh", 22 }, { "http", 80 }, { "https", 443 }, { "smtp", 25 } };

	for (const char *c = text; *c; c++) {
		bool begins = c == text || !isalnum((unsigned char)c[-1]);
		unsigned long port = begins && isdigit((unsigned char)*c) ? strtoul(c, NULL, 10) : 0;

		for (size_t i = 0; begins && !port && i < sizeof(names) / sizeof(names[0]); i++)
			if (!strncmp(c, names[i].name, strlen(names[i].name)))
				port = names[i].port;
		if (port && port <= UINT16_MAX)
			uses->ports[port].shared = uses->ports[65536 + port].shared = true;
	}
}

static void
share_staying(struct plan *plan, struct uses *uses, size_t d)
{
	const struct plan_door *door = &plan->doors[d];
	bool unread = !door->n_rules;

	for (size_t i = 0; i < door->n_rules; i++) {
		unread = unread || (!door->rules[i].key && !door->rules[i].ports.n);
		for (size_t p = 0; p < door->rules[i].ports.n; p++)
			uses->ports[index_of(&door->rules[i].ports.at[p])].shared = true;
	}
	for (enum source_key key = 0; unread && key < SOURCE_CMD_TIMEOUT; key++)
		if (plan->source->doors[d].keys[key].value)
			share_words(uses, plan->source->doors[d].keys[key].value);
}

static bool
same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static void
share_moving(struct uses *uses, const struct plan_door *door, size_t d)
{
	for (size_t i = 0; i < door->n_rules; i++) {
		const struct rule *rule = &door->rules[i];

		for (size_t p = 0; !rule->reply && p < rule->ports.n; p++) {
			struct use *now = &uses->now[index_of(&rule->ports.at[p])];

			if (now->door != d + 1)
				*now = (struct use){ .door = d + 1 };
			for (enum conf_family f = CONF_V4; f < CONF_FAMILIES; f++) {
				if (!(rule->families & (f == CONF_V4 ? RULE_V4 : RULE_V6)))
					continue;
				now->shared = now->shared || now->key[f];
				now->key[f] = rule->key;
			}
		}
	}
	for (size_t i = 0; i < door->n_rules; i++) {
		for (size_t p = 0; p < door->rules[i].ports.n; p++) {
			size_t at = index_of(&door->rules[i].ports.at[p]);
			struct use *now = &uses->now[at], *before = &uses->ports[at];

			if (now->door != d + 1)
				continue;
			if (!before->door) {
				bool shared = before->shared;

				*before = *now;
				before->shared = before->shared || shared;
			} else if (!same(before->key[CONF_V4], now->key[CONF_V4]) ||
				   !same(before->key[CONF_V6], now->key[CONF_V6])) {
				before->shared = true;
			}
		}
	}
}

static struct uses *
look_at_ports(struct plan *plan)
{
	struct uses *uses = calloc(1, sizeof(*uses));

	for (size_t d = 0; uses && d < plan->source->n_doors; d++) {
		if (plan->doors[d].role == PLAN_STAYS)
			share_staying(plan, uses, d);
		else if (moves(&plan->doors[d]))
			share_moving(uses, &plan->doors[d], d);
	}
	return uses;
}

/* ---- open or grant ---------------------------------------------------------------------------------- */

static bool
is_half_of_another(const struct plan_door *door, const struct rule *reply)
{
	for (size_t i = 0; i < door->n_rules; i++)
		if (door->rules[i].input && seq_equal(&door->rules[i].ports, &reply->ports))
			return true;
	return false;
}

/* Why no guard can take the place of these rules; NULL: one can. */
static const char *
why_not_open(const struct plan *plan, const struct uses *uses, size_t d)
{
	const struct plan_door *door = &plan->doors[d];
	size_t n = 0;

	if (plan->conf->rules == CONF_RULES_NONE)
		return "open needs Rules = auto";
	if (plan->conf->doors[d].target.family)
		return "with Target open would be for that address alone";
	for (size_t i = 0; i < door->n_rules; i++) {
		const struct rule *rule = &door->rules[i];

		if (rule->tool == RULE_ELEMENT || rule->tool == RULE_IPSET)
			return "the firewall has a set for it";
		if (!rule->ports.n)
			return "open needs ports, and not more than fit into one line";
		if (rule->reply ? !is_half_of_another(door, rule) : !rule->input)
			return "the rule is not for packets to this machine alone";
		for (size_t p = 0; p < rule->ports.n && !rule->reply; p++)
			if (uses->ports[index_of(&rule->ports.at[p])].shared)
				return "another door lets its clients reach the same port by other means";
		n += rule->reply ? 0 : rule->ports.n;
	}
	return n > SEQ_MAX ? "open needs ports, and not more than fit into one line" : NULL;
}

bool
plan_makes_set(const struct rule *rule)
{
	return rule->tool != RULE_ELEMENT;
}

static bool
needs_mark(const struct rule *rule)
{
	return rule->tool == RULE_IPTABLES || rule->tool == RULE_UFW || rule->tool == RULE_IPSET;
}

static const char *
why_not_grant(const struct plan *plan, size_t d)
{
	const struct plan_door *door = &plan->doors[d];

	for (size_t i = 0; i < door->n_rules; i++) {
		if (door->rules[i].tool == RULE_FIREWALLD)
			return "grant cannot, as firewalld looks into no set of another table";
		if (door->rules[i].reply)
			return "grant cannot, as one of its rules is for packets to the client";
		if (needs_mark(&door->rules[i]) && plan->marks == PLAN_MARKS && !door->rules[i].shared->set)
			return "grant would need more firewall marks than there are";
	}
	return NULL;
}

static bool
prefers_open(const struct plan *plan, const struct plan_door *door)
{
	switch (plan->prefer) {
	case PLAN_OPEN:
		return true;
	case PLAN_GRANT:
		return false;
	case PLAN_ANY:
		break;
	}
	return door->rules[0].tool != RULE_NFT;
}

/* "NAME_ok", or with a number if that is taken: no word of nft's own ends like this. NULL: no memory. */
static const char *
name_set(struct plan *plan, const char *door)
{
	char stem[49];
	size_t len = 0;

	for (; *door && len + 1 < sizeof(stem); door++)
		stem[len++] = isascii(*door) && isalnum((unsigned char)*door) ? *door : '_';
	stem[len] = '\0';
	for (unsigned i = 1;; i++) {
		const char *begin = isalpha((unsigned char)*stem) ? "" : "d";
		const char *name = i > 1 ? arena_print(plan->arena, "%s%s_%u_ok", begin, stem, i)
					 : arena_print(plan->arena, "%s%s_ok", begin, stem);
		bool *taken = name ? names_get(&plan->names, plan->arena, name, sizeof(*taken)) : NULL;

		if (!taken)
			return NULL;
		if (*taken)
			continue;
		*taken = true;
		return name;
	}
}

static int
give_set(struct plan *plan, struct rule *rule, size_t d)
{
	struct plan_key *key = rule->shared;

	if (key->set || !plan_makes_set(rule))
		return 0;
	key->table = rule->tool == RULE_NFT ? rule->table : PLAN_TABLE;
	key->set = name_set(plan, rule->tool == RULE_IPSET ? rule->set : name_of(plan, d));
	if (needs_mark(rule))
		key->mark = UINT32_C(0x80000000) >> plan->marks++;
	return key->set ? 0 : -1;
}

static int
grant(struct plan *plan, size_t d, const char *why_no_open)
{
	struct plan_door *door = &plan->doors[d];
	const char *why = why_not_grant(plan, d);

	if (why) {
		stay(plan, d, why_no_open ? arena_print(plan->arena, "%s; %s", why_no_open, why) : why);
		return 0;
	}
	if (why_no_open && plan->prefer != PLAN_GRANT && plan_makes_set(&door->rules[0]) &&
	    door->rules[0].tool != RULE_IPSET && !door->remark)
		door->remark = why_no_open;
	for (size_t i = 0; i < door->n_rules; i++)
		if (give_set(plan, &door->rules[i], d))
			return -1;
	return 0;
}

/* A group has one answer, or a closer would have to close in two ways. */
static int
choose(struct plan *plan)
{
	struct uses *uses = look_at_ports(plan);
	size_t n = plan->source->n_doors;
	const char **whys = calloc(n + 1, sizeof(*whys)); /* by group */
	bool *grants = calloc(n + 1, sizeof(*grants));
	int failed = uses && whys && grants ? 0 : -1;

	for (size_t d = 0; !failed && d < n; d++) {
		size_t group = group_of(plan, d);

		if (!moves(&plan->doors[d]))
			continue;
		if (!whys[group])
			whys[group] = why_not_open(plan, uses, d);
		grants[group] = grants[group] || whys[group] || !prefers_open(plan, &plan->doors[d]);
	}
	for (size_t d = 0; !failed && d < n; d++) {
		if (!moves(&plan->doors[d]))
			continue;
		plan->doors[d].as_open = !grants[group_of(plan, d)];
		if (!plan->doors[d].as_open)
			failed = grant(plan, d, whys[group_of(plan, d)]);
	}
	free(uses);
	free(whys);
	free(grants);
	return failed;
}

int
plan_make(struct plan *plan)
{
	size_t n = plan->source->n_doors;

	plan->doors = arena_get(plan->arena, n ? n : 1, sizeof(*plan->doors));
	if (!plan->doors || plan_read(plan))
		return -1;
	if (resolve(plan))
		return -1;
	for (size_t d = 0; d < n; d++)
		if (share_keys(plan, d))
			return -1;
	check_ends(plan);
	check_closers(plan);
	/* a door that cannot be granted keeps its group, which may free a port or keep one: once more is enough */
	if (check_groups(plan) || choose(plan) || check_groups(plan))
		return -1;
	return 0;
}

void
plan_free(struct plan *plan)
{
	names_free(&plan->keys);
	names_free(&plan->names);
}
