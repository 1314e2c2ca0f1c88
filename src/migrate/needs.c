/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "needs.h"

#include <netinet/in.h>
#include <string.h>
#include <strings.h>

struct printing {
	const struct plan *plan;
	FILE *out;
	struct names printed; /* lines */
	bool headed;
};

static bool
is_new(struct printing *p, const char *line)
{
	bool *known = names_get(&p->printed, p->plan->arena, line, sizeof(*known));

	if (!known || *known)
		return false;
	*known = true;
	return true;
}

static void
print(struct printing *p, const char *heading, const char *line)
{
	if (!line || !is_new(p, line))
		return;
	if (heading && !p->headed)
		fprintf(p->out, "\n%s\n", heading);
	p->headed = true;
	fprintf(p->out, "  %s\n", line);
}

/* The command with other words in the place of the client's address. */
static const char *
command(const struct printing *p, const struct rule *rule, const char *instead)
{
	struct arena *arena = p->plan->arena;
	const char *text = "";

	for (size_t i = 0; i < rule->n_words && text; i++) {
		const char *word = shell_quote(rule->words[i], arena), *between = *text ? " " : "";

		if (i == rule->address && *instead)
			text = arena_print(arena, "%s%s%s", text, between, instead);
		else if (i < rule->address || i >= rule->address + rule->n_address)
			text = word ? arena_print(arena, "%s%s%s", text, between, word) : NULL;
	}
	return text;
}

/* nft's words as one of the shell. */
static const char *
nft_command(const struct printing *p, const struct rule *rule, const char *instead)
{
	struct arena *arena = p->plan->arena;
	const char *text = "";

	for (size_t i = 1; i < rule->n_words && text; i++) {
		const char *between = *text ? " " : "";

		if (i == rule->address && *instead)
			text = arena_print(arena, "%s%s%s", text, between, instead);
		else if (i < rule->address || i >= rule->address + rule->n_address)
			text = arena_print(arena, "%s%s%s", text, between, rule->words[i]);
	}
	return text ? arena_print(arena, "%s %s", shell_quote(rule->words[0], arena), shell_quote(text, arena)) : NULL;
}

/* ---- open ---------------------------------------------------------------------------------------------- */

static const char open_heading[] =
    "knockd now keeps the ports of open shut for all others, also for addresses that the firewall lets in by other "
    "rules.\n"
    "When it runs with the new file, and not before, the firewall has to let the ports pass, now and after each boot:";

static void
print_firewalld(struct printing *p, const struct rule *rule)
{
	struct arena *arena = p->plan->arena;
	const char *program = shell_quote(rule->words[0], arena);
	const char *zone = *rule->zone ? arena_print(arena, " --zone=%s", shell_quote(rule->zone, arena)) : "";

	for (size_t i = 0; i < rule->ports.n; i++) {
		const char *port = arena_print(arena, "--add-port=%u/%s", rule->ports.at[i].port,
					       seq_proto_name(rule->ports.at[i].proto));

		print(p, open_heading, arena_print(arena, "%s%s %s", program, zone, port));
		print(p, open_heading, arena_print(arena, "%s --permanent%s %s", program, zone, port));
	}
}

static void
print_open(struct printing *p, const struct rule *rule)
{
	switch (rule->tool) {
	case RULE_IPTABLES:
		print(p, open_heading, command(p, rule, ""));
		break;
	case RULE_UFW:
		print(p, open_heading, command(p, rule, "any"));
		break;
	case RULE_NFT:
		print(p, open_heading, nft_command(p, rule, ""));
		break;
	case RULE_FIREWALLD:
		print_firewalld(p, rule);
		break;
	case RULE_ELEMENT:
	case RULE_IPSET:
		break;
	}
}

/* ---- grant --------------------------------------------------------------------------------------------- */

static const char set_heading[] =
    "The sets that grant needs, and the rules that look into them, now and after each boot:";

static const char *const family_names[CONF_FAMILIES] = { "ip", "ip6" };
static const char *const type_names[CONF_FAMILIES] = { "ipv4_addr", "ipv6_addr" };
static const char *const suffixes[CONF_FAMILIES] = { "", "6" };

static bool
has_family(const struct rule *rule, enum conf_family f)
{
	return rule->families & (f == CONF_V4 ? RULE_V4 : RULE_V6);
}

static void
print_sets(struct printing *p, const struct rule *rule)
{
	struct arena *arena = p->plan->arena;
	const struct plan_key *key = rule->shared;

	if (key->mark) {
		print(p, set_heading, "nft add table " PLAN_TABLE);
		print(p, set_heading,
		      "nft add chain " PLAN_TABLE " marks '{ type filter hook prerouting priority mangle; }'");
	}
	for (enum conf_family f = CONF_V4; f < CONF_FAMILIES; f++) {
		if (!has_family(rule, f))
			continue;
		print(p, set_heading,
		      arena_print(arena, "nft add set %s %s%s '{ type %s; flags timeout; }'", key->table, key->set,
				  suffixes[f], type_names[f]));
		if (key->mark)
			print(p, set_heading,
			      arena_print(arena,
					  "nft add rule " PLAN_TABLE
					  " marks %s saddr @%s%s meta mark set meta mark or 0x%08x",
					  family_names[f], key->set, suffixes[f], key->mark));
	}
}

static const char *
mark_of(const struct printing *p, const struct rule *rule)
{
	return arena_print(p->plan->arena, "-m mark --mark 0x%08x/0x%08x", rule->shared->mark, rule->shared->mark);
}

/* The words of iptables for what ufw's command has beside ports, or NULL: it is not for this family. */
static const char *
ufw_matches(const struct printing *p, const struct rule *rule, enum conf_family f)
{
	const char *text = has_family(rule, f) ? "" : NULL;

	for (size_t i = 0; text && i + 1 < rule->n_words; i++) {
		const char *value = rule->words[i + 1];

		if (!strcasecmp(rule->words[i], "on")) {
			text = arena_print(p->plan->arena, "%s -i %s", text, value);
		} else if (!strcasecmp(rule->words[i], "to") && strcasecmp(value, "any") != 0) {
			if ((strchr(value, ':') != NULL) != (f == CONF_V6))
				return NULL;
			text = arena_print(p->plan->arena, "%s -d %s", text, value);
		}
	}
	return text;
}

/* ufw has no word for marks: its own files of rules have. */
static void
print_ufw(struct printing *p, const struct rule *rule)
{
	struct arena *arena = p->plan->arena;
	static const char *const names[CONF_FAMILIES] = { "", "6" };

	for (size_t i = 0; i < (rule->ports.n ? rule->ports.n : 1); i++) {
		const char *ports = "";

		if (rule->ports.n)
			ports = arena_print(arena, " -p %s --dport %u", seq_proto_name(rule->ports.at[i].proto),
					    rule->ports.at[i].port);
		for (enum conf_family f = CONF_V4; f < CONF_FAMILIES; f++) {
			const char *matches = ufw_matches(p, rule, f);

			if (matches)
				print(p, set_heading,
				      arena_print(arena,
						  "/etc/ufw/before%s.rules: -A ufw%s-before-input%s%s %s -j ACCEPT",
						  names[f], names[f], matches, ports, mark_of(p, rule)));
		}
	}
}

static void
print_grant(struct printing *p, const struct rule *rule)
{
	struct arena *arena = p->plan->arena;

	switch (rule->tool) {
	case RULE_IPTABLES:
		print_sets(p, rule);
		print(p, set_heading, command(p, rule, mark_of(p, rule)));
		break;
	case RULE_UFW:
		print_sets(p, rule);
		print_ufw(p, rule);
		break;
	case RULE_NFT:
		print_sets(p, rule);
		print(p, set_heading,
		      nft_command(p, rule,
				  arena_print(arena, "%s saddr @%s%s", family_names[rule->families == RULE_V6],
					      rule->shared->set, suffixes[rule->families == RULE_V6])));
		break;
	case RULE_IPSET:
		print_sets(p, rule);
		print(p, set_heading,
		      arena_print(arena, "your rule with -m set --match-set %s src: %s in the place of these words",
				  shell_quote(rule->set, arena), mark_of(p, rule)));
		break;
	case RULE_ELEMENT:
	case RULE_FIREWALLD:
		break;
	}
}

/* An element that a command deleted had no time of its own. */
static void
print_flags(struct printing *p, const struct plan_door *door, const struct rule *rule)
{
	if (rule->tool == RULE_ELEMENT && door->has_stop && door->role == PLAN_OPENER)
		print(p, "Elements with a time of their own need a set with `flags timeout`:",
		      arena_print(p->plan->arena, "%s %s", rule->table, rule->set));
}

void
needs_print(const struct plan *plan, FILE *out)
{
	struct printing p = { .plan = plan, .out = out };

	for (int pass = 0; pass < 3; pass++) {
		p.headed = false;
		for (size_t d = 0; d < plan->source->n_doors; d++) {
			const struct plan_door *door = &plan->doors[d];

			for (size_t i = 0; i < door->n_rules; i++) {
				if (door->role != PLAN_OPENER)
					continue;
				if (pass == 0 && door->as_open)
					print_open(&p, &door->rules[i]);
				else if (pass == 1 && !door->as_open)
					print_grant(&p, &door->rules[i]);
				else if (pass == 2 && !door->as_open)
					print_flags(&p, door, &door->rules[i]);
			}
		}
	}
	names_free(&p.printed);
}
