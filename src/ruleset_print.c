/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ruleset_print.h"

#include <errno.h>
#include <string.h>

#include "capture.h"
#include "ruleset.h"

static const char *const key_types[PORT_KEYS] = { "inet_proto . inet_service", "ipv4_addr . inet_proto . inet_service",
						  "ipv6_addr . inet_proto . inet_service" };
static const char *const key_terms[PORT_KEYS] = { "", "ip daddr . ", "ip6 daddr . " };

static void
print_entry(const struct port_entry *entry, FILE *out)
{
	char text[ADDR_STRLEN];

	if (entry->target.family)
		fprintf(out, "%s . ", addr_format(&entry->target, text));
	fprintf(out, "%s . %u", proto_name(entry->port.proto), entry->port.port);
}

static void
print_set(const struct port_set *set, FILE *out)
{
	fprintf(out, "\tset %s {\n\t\ttype %s\n\t\telements = {", set->name, key_types[set->key]);
	for (size_t i = 0; i < set->n; i++) {
		fputs(i ? ",\n\t\t\t     " : " ", out);
		print_entry(&set->at[i], out);
	}
	fputs(" }\n\t}\n\n", out);
}

static void
print_flags(uint8_t flags, FILE *out)
{
	const char *between = "";

	if (!flags)
		fputc('0', out);
	for (unsigned bit = 0; bit < 8; bit++) {
		if (!(flags & 1u << bit))
			continue;
		fprintf(out, "%s%s", between, rules_flag_name(bit));
		between = " | ";
	}
}

static void
print_flags_term(const struct port_set *set, FILE *out)
{
	fputs("tcp flags & (", out);
	print_flags(set->mask, out);
	fputs(") == ", out);
	print_flags(set->value, out);
}

static void
print_term(const struct rules *rules, const struct term *term, FILE *out)
{
	switch (term->kind) {
	case TERM_IPV4:
		fputs("meta nfproto ipv4", out);
		return;
	case TERM_IFNAME:
		fprintf(out, "iifname \"%s\"", term->name);
		return;
	case TERM_SET:
		fprintf(out, "%smeta l4proto . th dport @%s", key_terms[term->set->key], term->set->name);
		return;
	case TERM_FLAGS:
		print_flags_term(term->set, out);
		return;
	case TERM_LOCAL:
		fputs("fib daddr type local", out);
		return;
	case TERM_COUNTER:
		fputs("counter", out);
		return;
	case TERM_LOG:
		fprintf(out, "log prefix \"%s\" group %u snaplen %d queue-threshold 1", term->name, rules->group,
			CAPTURE_SNAPLEN);
		return;
	case TERM_RETURN:
		fputs("return", out);
		return;
	case TERM_GOTO:
		fprintf(out, "goto %s", term->name);
		return;
	}
}

void
rule_print(const struct rules *rules, const struct rule *rule, FILE *out)
{
	for (size_t i = 0; i < rule->n; i++) {
		if (i)
			fputc(' ', out);
		print_term(rules, &rule->terms[i], out);
	}
}

static void
print_chain(const struct rules *rules, size_t at, FILE *out)
{
	const char *chain = rules->chains[at];

	fprintf(out, "\tchain %s {\n", chain);
	if (at == rules->n_chains - 1)
		fprintf(out, "\t\ttype filter hook prerouting priority %d; policy accept;\n", RULESET_PRIORITY);
	for (size_t i = 0; i < rules->n_rules; i++) {
		if (strcmp(rules->rules[i].chain, chain))
			continue;
		fputs("\t\t", out);
		rule_print(rules, &rules->rules[i], out);
		fputc('\n', out);
	}
	fputs(at == rules->n_chains - 1 ? "\t}\n" : "\t}\n\n", out);
}

int
ruleset_print(const struct conf *conf, FILE *out)
{
	struct rules *rules = rules_new(conf);

	if (!rules)
		return -1;
	/* the table's name twice: deleting it is then right whether it is there or not */
	fprintf(out, "table inet %1$s\ndelete table inet %1$s\ntable inet %1$s {\n", RULESET_TABLE);
	for (size_t i = 0; i < rules->n_sets; i++)
		print_set(&rules->sets[i], out);
	for (size_t i = 0; i < rules->n_chains; i++)
		print_chain(rules, i, out);
	fputs("}\n", out);
	rules_free(rules);
	if (!fflush(out) && !ferror(out))
		return 0;
	if (!errno)
		errno = EIO;
	return -1;
}
