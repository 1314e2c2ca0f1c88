/* SPDX-License-Identifier: GPL-2.0-or-later */
/* iptables and ip6tables. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "rule.h"

enum option {
	OPT_APPEND,
	OPT_INSERT,
	OPT_DELETE,
	OPT_TABLE,
	OPT_SOURCE,
	OPT_DESTINATION,
	OPT_PROTOCOL,
	OPT_IN,
	OPT_MATCH,
	OPT_DPORT,
	OPT_DPORTS,
	OPT_SPORT,
	OPT_SPORTS,
	OPT_SYN,
	OPT_STATE,
	OPT_COMMENT,
	OPT_JUMP,
	OPT_WAIT,
};

static const struct {
	const char *name;
	enum option option;
	const char *key; /* in the rule's key */
} options[] = {
	{ "-A", OPT_APPEND, NULL },
	{ "--append", OPT_APPEND, NULL },
	{ "-I", OPT_INSERT, NULL },
	{ "--insert", OPT_INSERT, NULL },
	{ "-D", OPT_DELETE, NULL },
	{ "--delete", OPT_DELETE, NULL },
	{ "-t", OPT_TABLE, NULL },
	{ "--table", OPT_TABLE, NULL },
	{ "-s", OPT_SOURCE, "s" },
	{ "--source", OPT_SOURCE, "s" },
	{ "--src", OPT_SOURCE, "s" },
	{ "-d", OPT_DESTINATION, "d" },
	{ "--destination", OPT_DESTINATION, "d" },
	{ "--dst", OPT_DESTINATION, "d" },
	{ "-p", OPT_PROTOCOL, "p" },
	{ "--protocol", OPT_PROTOCOL, "p" },
	{ "--proto", OPT_PROTOCOL, "p" },
	{ "-i", OPT_IN, "i" },
	{ "--in-interface", OPT_IN, "i" },
	{ "-m", OPT_MATCH, NULL },
	{ "--match", OPT_MATCH, NULL },
	{ "--dport", OPT_DPORT, "dport" },
	{ "--destination-port", OPT_DPORT, "dport" },
	{ "--dports", OPT_DPORTS, "dports" },
	{ "--destination-ports", OPT_DPORTS, "dports" },
	{ "--sport", OPT_SPORT, "sport" },
	{ "--source-port", OPT_SPORT, "sport" },
	{ "--sports", OPT_SPORTS, "sports" },
	{ "--source-ports", OPT_SPORTS, "sports" },
	{ "--syn", OPT_SYN, "syn" },
	{ "--state", OPT_STATE, "state" },
	{ "--ctstate", OPT_STATE, "ctstate" },
	{ "--comment", OPT_COMMENT, "comment" },
	{ "-j", OPT_JUMP, NULL },
	{ "--jump", OPT_JUMP, NULL },
	{ "-w", OPT_WAIT, NULL },
	{ "--wait", OPT_WAIT, NULL },
};
#define N_OPTIONS (sizeof(options) / sizeof(options[0]))

struct reading {
	struct rule *rule;
	struct arena *arena;
	struct rule_parts parts;
	size_t at;
	const char *chain, *proto, *dports, *sports, *target;
	bool multiport, has_state, client_is_source, client_is_destination;
	const char *why;
};

static int
refuse(struct reading *r, const char *why)
{
	r->why = why ? why : "does not fit into memory";
	return -1;
}

static const char *
next(struct reading *r)
{
	return r->at < r->rule->n_words ? r->rule->words[r->at++] : "";
}

static const char *
peek(const struct reading *r)
{
	return r->at < r->rule->n_words ? r->rule->words[r->at] : "";
}

static bool
is_number(const char *word)
{
	return *word && strspn(word, "0123456789") == strlen(word);
}

static int
take_chain(struct reading *r, bool adds, bool may_have_place)
{
	if (r->chain)
		return refuse(r, "has several commands of iptables");
	r->chain = next(r);
	r->rule->adds = adds;
	if (!*r->chain || *r->chain == '-')
		return refuse(r, "names no chain");
	if (is_number(peek(r)) && !may_have_place)
		return refuse(r, "deletes a rule by its number");
	if (is_number(peek(r)))
		next(r);
	return 0;
}

static int
take_address(struct reading *r, const char *key, const char *value, size_t from, bool is_source)
{
	if (!strstr(value, "%IP%"))
		return rule_part(&r->parts, r->arena, key, value) ? refuse(r, NULL) : 0;
	if (!rule_is_client(value))
		return refuse(r, "opens for a network around the client");
	if (r->client_is_source || r->client_is_destination)
		return refuse(r, "names the client twice");
	r->client_is_source = is_source;
	r->client_is_destination = !is_source;
	r->rule->address = from;
	r->rule->n_address = r->at - from;
	return rule_part(&r->parts, r->arena, key, "%IP%") ? refuse(r, NULL) : 0;
}

static int
take_match(struct reading *r, const char *name)
{
	static const char *const known[] = { "tcp", "udp", "state", "conntrack", "comment" };

	if (!strcmp(name, "multiport")) {
		r->multiport = true;
		return 0;
	}
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(known[i], name))
			return 0;
	return refuse(r, arena_print(r->arena, "has the match \"%s\"", name));
}

/* Only new packets count: the others pass the guard, and most firewalls, anyway. */
static int
take_states(struct reading *r, const char *key, const char *value)
{
	char *copy = arena_copy(r->arena, value, strlen(value)), *rest = copy, *word;
	bool is_new = false;

	if (!copy)
		return refuse(r, NULL);
	while ((word = strsep(&rest, ","))) {
		is_new = is_new || !strcasecmp(word, "NEW");
		for (char *c = word; *c; c++)
			*c = (char)toupper((unsigned char)*c);
		if (rule_part(&r->parts, r->arena, key, word))
			return refuse(r, NULL);
	}
	r->has_state = true;
	return is_new ? 0 : refuse(r, "lets no new connection in");
}

static int
take_ports(struct reading *r, const char **to, const char *key, const char *value)
{
	struct seq ports = { .n = 0 };

	if (*to)
		return refuse(r, "names ports twice");
	*to = value;
	/* services by their numbers, so that the key does not depend on the spelling */
	if (!strpbrk(value, ",:") && rule_ports(&ports, value, true, false))
		value = arena_print(r->arena, "%u", ports.at[0].port);
	return value && !rule_part(&r->parts, r->arena, key, value) ? 0 : refuse(r, NULL);
}

static int
take_option(struct reading *r, size_t i, const char *value, size_t from)
{
	const char *key = options[i].key;

	switch (options[i].option) {
	case OPT_APPEND:
	case OPT_INSERT:
	case OPT_DELETE:
	case OPT_SYN:
	case OPT_WAIT:
		break; /* take_word() has dealt with them */
	case OPT_TABLE:
		return strcmp(value, "filter") ? refuse(r, arena_print(r->arena, "changes the table %s", value)) : 0;
	case OPT_SOURCE:
	case OPT_DESTINATION:
		return take_address(r, key, value, from, options[i].option == OPT_SOURCE);
	case OPT_PROTOCOL:
		r->proto = value;
		return rule_part(&r->parts, r->arena, key, value) ? refuse(r, NULL) : 0;
	case OPT_IN:
	case OPT_COMMENT:
		return rule_part(&r->parts, r->arena, key, value) ? refuse(r, NULL) : 0;
	case OPT_MATCH:
		return take_match(r, value);
	case OPT_DPORT:
	case OPT_DPORTS:
		if (options[i].option == OPT_DPORT && strchr(value, ','))
			return refuse(r, "has a list after --dport, which iptables does not take: it opens nothing");
		return take_ports(r, &r->dports, key, value);
	case OPT_SPORT:
	case OPT_SPORTS:
		if (options[i].option == OPT_SPORT && strchr(value, ','))
			return refuse(r, "has a list after --sport, which iptables does not take: it opens nothing");
		return take_ports(r, &r->sports, key, value);
	case OPT_STATE:
		return take_states(r, key, value);
	case OPT_JUMP:
		r->target = value;
		return 0;
	}
	return 0;
}

/* "--dport=22" is "--dport 22". The number of its words does not matter: nothing but the client's address is cut out.
 */
static int
take_word(struct reading *r)
{
	size_t from = r->at, len;
	const char *word = next(r), *equals = strncmp(word, "--", 2) ? NULL : strchr(word, '=');

	len = equals ? (size_t)(equals - word) : strlen(word);
	if (!strcmp(word, "!"))
		return refuse(r, "has a negated match");
	for (size_t i = 0; i < N_OPTIONS; i++) {
		if (strncmp(options[i].name, word, len) || options[i].name[len])
			continue;
		switch (options[i].option) {
		case OPT_APPEND:
		case OPT_INSERT:
		case OPT_DELETE:
			return take_chain(r, options[i].option != OPT_DELETE, options[i].option == OPT_INSERT);
		case OPT_SYN:
			return rule_part(&r->parts, r->arena, "syn", "1") ? refuse(r, NULL) : 0;
		case OPT_WAIT:
			if (is_number(peek(r)))
				next(r);
			return 0;
		case OPT_TABLE:
		case OPT_SOURCE:
		case OPT_DESTINATION:
		case OPT_PROTOCOL:
		case OPT_IN:
		case OPT_MATCH:
		case OPT_DPORT:
		case OPT_DPORTS:
		case OPT_SPORT:
		case OPT_SPORTS:
		case OPT_STATE:
		case OPT_COMMENT:
		case OPT_JUMP:
			break;
		}
		if (!equals && (r->at == r->rule->n_words || !strcmp(peek(r), "!")))
			return refuse(r, "has a negated match, or an option without its value");
		return take_option(r, i, equals ? equals + 1 : next(r), from);
	}
	return refuse(r, arena_print(r->arena, *word == '-' ? "has the option %s" : "has the word \"%s\"", word));
}

/* After all words: what needs more than one of them. */
static int
judge(struct reading *r)
{
	struct rule *rule = r->rule;
	bool tcp = r->proto && !strcasecmp(r->proto, "tcp"), udp = r->proto && !strcasecmp(r->proto, "udp");
	const char *ports = r->client_is_destination ? r->sports : r->dports;

	rule->everybody = !r->client_is_source && !r->client_is_destination;
	if (!r->chain)
		return refuse(r, "adds and deletes no rule");
	if ((r->dports || r->sports) && !tcp && !udp)
		return refuse(r, "has a port without -p, which iptables does not take: it opens nothing");
	if (ports && !rule_ports(&rule->ports, ports, tcp, udp))
		return refuse(r, arena_print(r->arena, "has the unknown port \"%s\"", ports));
	if (!r->target || strcmp(r->target, "ACCEPT"))
		return refuse(r, r->target ? arena_print(r->arena, "jumps to %s, not to ACCEPT", r->target)
					   : "has no target");
	if (rule->everybody)
		return refuse(r, rule->adds ? "opens for everybody: it has no %IP%"
					    : "shuts for everybody: it has no %IP%");
	rule->reply = r->client_is_destination;
	if (rule->reply && (!r->sports || r->dports || strcmp(r->chain, "OUTPUT")))
		return refuse(r, "lets packets to the client out, not in");
	if (!rule->reply && r->sports)
		return refuse(r, "has a source port");
	rule->input = !rule->reply && strcmp(r->chain, "FORWARD") && strcmp(r->chain, "OUTPUT");
	return rule_part(&r->parts, r->arena, "chain", r->chain) ? refuse(r, NULL) : 0;
}

static int
read_rule(struct rule *rule, struct arena *arena, const char *tool, const char **why)
{
	struct reading r = { .rule = rule, .arena = arena, .at = 1 };

	rule->tool = RULE_IPTABLES;
	while (!r.why && r.at < rule->n_words)
		take_word(&r);
	if (!r.why)
		judge(&r);
	if (!r.why) {
		rule->key = rule_key(&r.parts, arena, tool);
		if (!rule->key)
			refuse(&r, NULL);
	}
	*why = r.why;
	return r.why ? -1 : 0;
}

int
rule_iptables(struct rule *rule, struct arena *arena, const char **why)
{
	rule->families = RULE_V4;
	return read_rule(rule, arena, "iptables", why);
}

int
rule_ip6tables(struct rule *rule, struct arena *arena, const char **why)
{
	rule->families = RULE_V6;
	return read_rule(rule, arena, "ip6tables", why);
}
