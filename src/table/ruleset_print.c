/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ruleset_print.h"

#include <errno.h>
#include <string.h>

#include "compose.h"
#include "lib/duration.h"
#include "table/ruleset.h"
#include "wire/capture.h"

/* Prints `names` of the key's fields, joined as nft does. */
static void
print_fields(struct key_shape shape, const char *const names[static 4], FILE *out)
{
	const bool has[] = { shape.source, shape.destination, shape.proto, shape.port };
	const char *between = "";

	for (size_t i = 0; i < sizeof(has) / sizeof(has[0]); i++) {
		if (!has[i])
			continue;
		fprintf(out, "%s%s", between, names[i]);
		between = " . ";
	}
}

static void
print_key(enum port_key key, enum side side, FILE *out)
{
	static const char *const protos[] = { "meta l4proto", "meta l4proto", "ct protocol", "ct protocol" };
	static const char *const ports[] = { "th dport", "th sport", "ct original proto-dst", "ct original proto-src" };
	struct key_shape shape = rules_key_shape(key);
	bool v4 = shape.len == 4;
	const char *source = v4 ? "ip saddr" : "ip6 saddr", *destination = v4 ? "ip daddr" : "ip6 daddr";
	const char *names[] = { source, side == SIDE_FROM ? source : destination, protos[side], ports[side] };

	print_fields(shape, names, out);
}

static void
print_type(enum port_key key, FILE *out)
{
	static const char *const v4[] = { "ipv4_addr", "ipv4_addr", "inet_proto", "inet_service" };
	static const char *const v6[] = { "ipv6_addr", "ipv6_addr", "inet_proto", "inet_service" };
	struct key_shape shape = rules_key_shape(key);

	print_fields(shape, shape.len == 4 ? v4 : v6, out);
}

static void
print_entry(const struct port_entry *entry, struct key_shape shape, FILE *out)
{
	char text[64];

	if (entry->target.family)
		fprintf(out, "%s%s", addr_format(&entry->target, text), shape.proto ? " . " : "");
	if (shape.proto)
		fprintf(out, "%s . ", seq_proto_name(entry->port.proto));
	if (shape.port)
		fprintf(out, "%u", entry->port.port);
	if (entry->timeout_ms)
		fprintf(out, " timeout %s", duration_format(entry->timeout_ms, text, sizeof(text)));
}

/* Prints the set's properties besides its type, each after `before`. */
static void
print_properties(const struct port_set *set, const char *before, FILE *out)
{
	if ((set->kept || set->hashed) && !set->size)
		fprintf(out, "%sflags timeout", before);
	if (set->size)
		fprintf(out, "%ssize %u%sflags dynamic,timeout", before, set->size, before);
	if (set->timeout)
		fprintf(out, "%stimeout %us", before, set->timeout);
}

static void
print_set(const struct port_set *set, FILE *out)
{
	fprintf(out, "\tset %s {\n\t\ttype ", set->name);
	print_type(set->key, out);
	print_properties(set, "\n\t\t", out);
	for (size_t i = 0; i < set->n; i++) {
		fputs(i ? ",\n\t\t\t     " : "\n\t\telements = { ", out);
		print_entry(&set->at[i], rules_key_shape(set->key), out);
	}
	fputs(set->n ? " }\n\t}\n\n" : "\n\t}\n\n", out);
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

static const char *
text_of_track(enum track_test test)
{
	static const char *const texts[] = {
		[TRACK_NEW] = "ct state new",
		[TRACK_NOT_NEW] = "ct state & new == 0",
		[TRACK_ESTABLISHED] = "ct state established",
		[TRACK_ORIGINAL] = "ct direction original",
		[TRACK_DNAT] = "ct status dnat",
		[TRACK_NOT_DNAT] = "ct status & dnat == 0",
		[TRACK_NOT_SNAT] = "ct status & snat == 0",
	};

	return texts[test];
}

static const char *
text_of_fib(enum fib_test test)
{
	static const char *const texts[] = {
		[FIB_TO_LOCAL] = "fib daddr type local",
		[FIB_TO_LOCAL_HERE] = "fib daddr . iif type local",
		[FIB_TO_ANYCAST] = "fib daddr type anycast",
		[FIB_TO_MULTICAST] = "fib daddr type multicast",
		[FIB_TO_NOT_UNICAST] = "fib daddr type != unicast",
		[FIB_TO_NO_HOST] = "fib daddr oif missing",
		[FIB_TO_NO_HOST_HERE] = "fib daddr . iif oif missing",
		[FIB_FROM_LOCAL] = "fib saddr type local",
		[FIB_FROM_LOCAL_HERE] = "fib saddr . iif type local",
		[FIB_FROM_ANYCAST] = "fib saddr type anycast",
		[FIB_FROM_NOT_UNICAST] = "fib saddr type != unicast",
		[FIB_FROM_ELSEWHERE] = "fib saddr . iif oif missing",
	};

	return texts[test];
}

static void
print_update(const struct port_set *set, FILE *out)
{
	fprintf(out, "update @%s { ", set->name);
	print_key(set->key, SIDE_TO, out);
}

static void
print_limit(uint32_t rate, uint32_t burst, FILE *out)
{
	fprintf(out, "limit rate over %u/second burst %u packets", rate, burst);
}

static void
print_long(FILE *out)
{
	fprintf(out, "udp length >= %d", RULES_SIGNED_LENGTH);
}

static void
print_term(const struct rules *rules, const struct term *term, FILE *out)
{
	char time[64];

	switch (term->kind) {
	case TERM_IPV4:
	case TERM_IPV6:
		fprintf(out, "meta nfproto %s", term->kind == TERM_IPV4 ? "ipv4" : "ipv6");
		return;
	case TERM_TCP:
	case TERM_UDP:
		fprintf(out, "meta l4proto %s", term->kind == TERM_TCP ? "tcp" : "udp");
		return;
	case TERM_AH:
		fputs("meta l4proto ah", out);
		return;
	case TERM_PORT:
		fprintf(out, "th %s %u", term->side == SIDE_FROM ? "sport" : "dport", term->port);
		return;
	case TERM_UNDER_WAY:
		fputs("tcp flags & (syn | ack) != syn", out);
		return;
	case TERM_SYN:
		fputs("@th,96,32 & 0x120000 == 0x20000 meta l4proto tcp", out);
		return;
	case TERM_SYN_ANY:
		fputs("@th,96,32 & 0x20000 == 0x20000 meta l4proto tcp", out);
		return;
	case TERM_ASKED:
		fputs("socket transparent 0", out);
		return;
	case TERM_TRACKED:
		fputs(text_of_track(term->track), out);
		return;
	case TERM_SIGNED:
		fprintf(out, "udp dport %u", term->port);
		if (term->last != term->port)
			fprintf(out, "-%u", term->last);
		fputc(' ', out);
		print_long(out);
		return;
	case TERM_LONG:
		print_long(out);
		return;
	case TERM_IFNAME:
		fprintf(out, "iifname \"%s\"", term->name);
		return;
	case TERM_NOT_LO:
		fputs("iifname != \"lo\"", out);
		return;
	case TERM_VRF:
		fputs("meta iifkind \"vrf\"", out);
		return;
	case TERM_SET:
		print_key(term->set->key, term->side, out);
		fprintf(out, " @%s", term->set->name);
		return;
	case TERM_UPDATE:
		print_update(term->set, out);
		if (term->timeout_ms)
			fprintf(out, " timeout %s", duration_format(term->timeout_ms, time, sizeof(time)));
		fputs(" }", out);
		return;
	case TERM_TOO_FAST:
		print_update(term->set, out);
		fputc(' ', out);
		print_limit(rules->rate, rules->burst, out);
		fputs(" }", out);
		return;
	case TERM_OVER:
		print_limit(term->rate, term->burst, out);
		return;
	case TERM_FLAGS:
		print_flags_term(term->set, out);
		return;
	case TERM_FIB:
		fputs(text_of_fib(term->fib), out);
		return;
	case TERM_COUNTER:
		fputs("counter", out);
		return;
	case TERM_LOG:
		fprintf(out, "log prefix \"%s\" group %u snaplen %d queue-threshold %u", term->name, rules->group,
			CAPTURE_SNAPLEN, term->threshold);
		return;
	case TERM_QUEUE:
		fprintf(out, "queue num %u bypass", rules->queue + (unsigned)term->way);
		return;
	case TERM_RETURN:
		fputs("return", out);
		return;
	case TERM_GOTO:
	case TERM_JUMP:
		fprintf(out, "%s %s", term->kind == TERM_GOTO ? "goto" : "jump", term->name);
		return;
	case TERM_DROP:
		fputs("drop", out);
		return;
	case TERM_RESET:
		fputs("reject with tcp reset", out);
		return;
	case TERM_REJECT:
		fputs("reject", out);
		return;
	}
}

void
ruleset_print_rule(const struct rules *rules, const struct rule *rule, FILE *out)
{
	for (size_t i = 0; i < rule->n; i++) {
		if (i)
			fputc(' ', out);
		print_term(rules, &rule->terms[i], out);
	}
}

static void
print_chain(const struct rules *rules, const struct chain *chain, FILE *out)
{
	fprintf(out, "\tchain %s {\n", chain->name);
	if (chain->hook)
		fprintf(out, "\t\ttype filter hook %s priority %d; policy accept;\n",
			chain->hook == CHAIN_INPUT ? "input" : "prerouting", chain->priority);
	for (size_t i = 0; i < rules->n_rules; i++) {
		if (strcmp(rules->rules[i].chain, chain->name))
			continue;
		fputs("\t\t", out);
		ruleset_print_rule(rules, &rules->rules[i], out);
		fputc('\n', out);
	}
	fputs("\t}\n", out);
}

/* An object is added, then deleted: that works whether it exists or not. */
static void
print_removal(const struct rules *rules, FILE *out)
{
	bool kept = false;

	for (size_t i = 0; i < rules->n_sets; i++)
		kept |= rules->sets[i].kept;
	fputs("table inet " RULESET_TABLE "\n", out);
	fprintf(out, "%s table inet " RULESET_TABLE "\n", kept ? "flush" : "delete");
	for (size_t i = 0; kept && rules_chain_names[i]; i++)
		fprintf(out, "add chain inet " RULESET_TABLE " %1$s\ndelete chain inet " RULESET_TABLE " %1$s\n",
			rules_chain_names[i]);
	for (size_t i = 0; kept && i < rules->n_sets; i++) {
		if (rules->sets[i].kept)
			continue;
		fprintf(out, "add set inet " RULESET_TABLE " %s { type ", rules->sets[i].name);
		print_type(rules->sets[i].key, out);
		print_properties(&rules->sets[i], "; ", out);
		fprintf(out, "; }\ndelete set inet " RULESET_TABLE " %s\n", rules->sets[i].name);
	}
}

int
ruleset_print(const struct conf *conf, FILE *out)
{
	struct rules *rules = compose_rules(conf);

	if (!rules)
		return -1;
	print_removal(rules, out);
	fputs("table inet " RULESET_TABLE " {\n", out);
	for (size_t i = 0; i < rules->n_sets; i++)
		print_set(&rules->sets[i], out);
	for (size_t i = 0; i < rules->n_chains; i++) {
		fputs(i ? "\n" : "", out);
		print_chain(rules, &rules->chains[i], out);
	}
	fputs("}\n", out);
	rules_free(rules);
	if (!fflush(out) && !ferror(out))
		return 0;
	if (!errno)
		errno = EIO;
	return -1;
}
