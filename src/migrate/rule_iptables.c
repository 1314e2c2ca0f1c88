/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iptables and ip6tables. The program knows the options of a match only behind -m or, for TCP and UDP, behind -p; a
 * command that it does not take opens nothing, so its door stays.
 */
#include <ctype.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include "rule_words.h"

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
	OPT_SPORT,
	OPT_SYN,
	OPT_STATE,
	OPT_COMMENT,
	OPT_JUMP,
	OPT_WAIT,
	OPT_SAYS, /* changes no rule */
};

enum match { MATCH_NONE, MATCH_TCP, MATCH_UDP, MATCH_STATE, MATCH_CONNTRACK, MATCH_COMMENT, MATCH_MULTIPORT, MATCHES };

static const char *const match_names[MATCHES] = { "", "tcp", "udp", "state", "conntrack", "comment", "multiport" };

static const struct {
	const char *name;
	enum option option;
	const char *key;  /* in the rule's key */
	enum match match; /* that must be there before */
} options[] = {
	{ "-A", OPT_APPEND, NULL, MATCH_NONE },
	{ "--append", OPT_APPEND, NULL, MATCH_NONE },
	{ "-I", OPT_INSERT, NULL, MATCH_NONE },
	{ "--insert", OPT_INSERT, NULL, MATCH_NONE },
	{ "-D", OPT_DELETE, NULL, MATCH_NONE },
	{ "--delete", OPT_DELETE, NULL, MATCH_NONE },
	{ "-t", OPT_TABLE, NULL, MATCH_NONE },
	{ "--table", OPT_TABLE, NULL, MATCH_NONE },
	{ "-s", OPT_SOURCE, "s", MATCH_NONE },
	{ "--source", OPT_SOURCE, "s", MATCH_NONE },
	{ "--src", OPT_SOURCE, "s", MATCH_NONE },
	{ "-d", OPT_DESTINATION, "d", MATCH_NONE },
	{ "--destination", OPT_DESTINATION, "d", MATCH_NONE },
	{ "--dst", OPT_DESTINATION, "d", MATCH_NONE },
	{ "-p", OPT_PROTOCOL, NULL, MATCH_NONE },
	{ "--protocol", OPT_PROTOCOL, NULL, MATCH_NONE },
	{ "--proto", OPT_PROTOCOL, NULL, MATCH_NONE },
	{ "-i", OPT_IN, "i", MATCH_NONE },
	{ "--in-interface", OPT_IN, "i", MATCH_NONE },
	{ "-m", OPT_MATCH, NULL, MATCH_NONE },
	{ "--match", OPT_MATCH, NULL, MATCH_NONE },
	{ "--dport", OPT_DPORT, "dport", MATCH_NONE },
	{ "--destination-port", OPT_DPORT, "dport", MATCH_NONE },
	{ "--dports", OPT_DPORT, "dports", MATCH_MULTIPORT },
	{ "--destination-ports", OPT_DPORT, "dports", MATCH_MULTIPORT },
	{ "--sport", OPT_SPORT, "sport", MATCH_NONE },
	{ "--source-port", OPT_SPORT, "sport", MATCH_NONE },
	{ "--sports", OPT_SPORT, "sports", MATCH_MULTIPORT },
	{ "--source-ports", OPT_SPORT, "sports", MATCH_MULTIPORT },
	{ "--syn", OPT_SYN, NULL, MATCH_NONE },
	{ "--state", OPT_STATE, "state", MATCH_STATE },
	{ "--ctstate", OPT_STATE, "ctstate", MATCH_CONNTRACK },
	{ "--comment", OPT_COMMENT, "comment", MATCH_COMMENT },
	{ "-j", OPT_JUMP, NULL, MATCH_NONE },
	{ "--jump", OPT_JUMP, NULL, MATCH_NONE },
	{ "-w", OPT_WAIT, NULL, MATCH_NONE },
	{ "--wait", OPT_WAIT, NULL, MATCH_NONE },
	{ "-v", OPT_SAYS, NULL, MATCH_NONE },
	{ "--verbose", OPT_SAYS, NULL, MATCH_NONE },
};
#define N_OPTIONS (sizeof(options) / sizeof(options[0]))

#define MULTIPORT_MAX 15 /* ports, as the kernel has it; a range counts as two */

struct reading {
	struct rule_words *words;
	const char *tool, *chain, *dports, *sports, *target, *source;
	uint8_t proto; /* 0: any, or another one than TCP and UDP */
	bool loaded[MATCHES];
	bool client_is_source, client_is_destination;
};

static int
not_taken(struct reading *r, const char *what)
{
	return rule_refuse(r->words, "has %s, which %s does not take: it opens nothing", what, r->tool);
}

static int
take_chain(struct reading *r, bool adds, bool may_have_place)
{
	if (r->chain)
		return rule_refuse(r->words, "has several commands of %s", r->tool);
	r->chain = rule_next(r->words);
	r->words->rule->adds = adds;
	if (!*r->chain || *r->chain == '-')
		return rule_refuse(r->words, "names no chain");
	if (rule_is_number(rule_peek(r->words)) && !may_have_place)
		return rule_refuse(r->words, "deletes a rule by its number");
	if (rule_is_number(rule_peek(r->words)))
		rule_next(r->words);
	return 0;
}

static int
take_address(struct reading *r, const char *key, const char *value, size_t from, bool is_source)
{
	struct rule *rule = r->words->rule;

	if (!strstr(value, "%IP%")) {
		if (is_source)
			r->source = value;
		return rule_part(r->words, key, value);
	}
	if (strchr(value, ','))
		return rule_refuse(r->words, "opens for other addresses, too");
	if (!rule_is_client(rule, value))
		return rule_refuse(r->words, "opens for a network around the client");
	if (r->client_is_source || r->client_is_destination)
		return rule_refuse(r->words, "names the client twice");
	r->client_is_source = is_source;
	r->client_is_destination = !is_source;
	rule->address = from;
	rule->n_address = r->words->at - from;
	return rule_part(r->words, key, "%IP%");
}

static int
take_protocol(struct reading *r, const char *value)
{
	bool tcp = !strcasecmp(value, "tcp") || !strcmp(value, "6");
	bool udp = !strcasecmp(value, "udp") || !strcmp(value, "17");

	r->proto = tcp ? IPPROTO_TCP : udp ? IPPROTO_UDP : 0;
	if (!strcasecmp(value, "all") || !strcmp(value, "0"))
		return 0;
	return rule_part(r->words, "p", tcp ? "tcp" : udp ? "udp" : value);
}

static int
take_match(struct reading *r, const char *name)
{
	for (enum match m = MATCH_TCP; m < MATCHES; m++) {
		if (strcmp(match_names[m], name))
			continue;
		r->loaded[m] = true;
		return 0;
	}
	return rule_refuse(r->words, "has the match \"%s\"", name);
}

/* Only new packets count: the others pass the guard, and most firewalls, anyway. */
static int
take_states(struct reading *r, const char *key, const char *value)
{
	char *copy = arena_copy(r->words->arena, value, strlen(value)), *rest = copy, *word;
	bool is_new = false;

	while (copy && (word = strsep(&rest, ","))) {
		is_new = is_new || !strcasecmp(word, "NEW");
		for (char *c = word; *c; c++)
			*c = (char)toupper((unsigned char)*c);
		if (rule_part(r->words, key, word))
			return -1;
	}
	return is_new ? 0 : rule_refuse(r->words, "lets no new connection in");
}

static size_t
count_ports(const char *list)
{
	size_t n = 1;

	for (; *list; list++)
		n += *list == ',' || *list == ':';
	return n;
}

/* "--dport 22,80" is multiport's --dports, cut short, if the match for TCP is not there yet. */
static int
take_ports(struct reading *r, const char **to, const char *key, const char *value)
{
	bool of_protocol = r->loaded[MATCH_TCP] || r->loaded[MATCH_UDP], list = key[strlen(key) - 1] == 's';
	struct seq ports = { .n = 0 };

	if (*to)
		return rule_refuse(r->words, "names ports twice");
	*to = value;
	if (!of_protocol && !r->proto)
		return not_taken(r, "a port without -p before it");
	if (!list && !of_protocol && r->loaded[MATCH_MULTIPORT]) {
		key = *key == 'd' ? "dports" : "sports";
		list = true;
	}
	if (!list && strchr(value, ','))
		return not_taken(r, arena_print(r->words->arena, "a list after --%s", key));
	if (list && count_ports(value) > MULTIPORT_MAX)
		return not_taken(r, "more ports than multiport has places");
	/* services by their numbers, so that the key does not depend on the spelling */
	if (!strpbrk(value, ",:") && rule_ports(&ports, value, true, false) && ports.n)
		value = arena_print(r->words->arena, "%u", ports.at[0].port);
	return rule_part(r->words, key, value ? value : "");
}

static int
take_value(struct reading *r, size_t i, const char *value, size_t from)
{
	const char *key = options[i].key;

	switch (options[i].option) {
	case OPT_APPEND:
	case OPT_INSERT:
	case OPT_DELETE:
	case OPT_SYN:
	case OPT_WAIT:
	case OPT_SAYS:
		break; /* take_option() has dealt with them */
	case OPT_TABLE:
		return strcmp(value, "filter") ? rule_refuse(r->words, "changes the table %s", value) : 0;
	case OPT_SOURCE:
	case OPT_DESTINATION:
		return take_address(r, key, value, from, options[i].option == OPT_SOURCE);
	case OPT_PROTOCOL:
		return take_protocol(r, value);
	case OPT_IN:
	case OPT_COMMENT:
		return rule_part(r->words, key, value);
	case OPT_MATCH:
		return take_match(r, value);
	case OPT_DPORT:
		return take_ports(r, &r->dports, key, value);
	case OPT_SPORT:
		return take_ports(r, &r->sports, key, value);
	case OPT_STATE:
		return take_states(r, key, value);
	case OPT_JUMP:
		r->target = value;
		return 0;
	}
	return 0;
}

/* Of "--dport=22" or "--dport 22". The address is later cut out with the words that hold it. */
static int
take_option(struct reading *r, size_t i, const char *value, size_t from)
{
	const char *word = options[i].name;

	if (options[i].match && !r->loaded[options[i].match])
		return not_taken(r, arena_print(r->words->arena, "%s without -m %s before it", word,
						match_names[options[i].match]));
	switch (options[i].option) {
	case OPT_APPEND:
	case OPT_INSERT:
	case OPT_DELETE:
		return take_chain(r, options[i].option != OPT_DELETE, options[i].option == OPT_INSERT);
	case OPT_SYN:
		if (r->proto != IPPROTO_TCP && !r->loaded[MATCH_TCP])
			return not_taken(r, "--syn without -p tcp before it");
		return rule_part(r->words, "syn", "1");
	case OPT_WAIT:
		if (rule_is_number(rule_peek(r->words)))
			rule_next(r->words);
		return 0;
	case OPT_SAYS:
		return 0;
	case OPT_TABLE:
	case OPT_SOURCE:
	case OPT_DESTINATION:
	case OPT_PROTOCOL:
	case OPT_IN:
	case OPT_MATCH:
	case OPT_DPORT:
	case OPT_SPORT:
	case OPT_STATE:
	case OPT_COMMENT:
	case OPT_JUMP:
		break;
	}
	if (!value && (!rule_more(r->words) || !strcmp(rule_peek(r->words), "!")))
		return rule_refuse(r->words, "has a negated match, or an option without its value");
	return take_value(r, i, value ? value : rule_next(r->words), from);
}

static int
take_word(struct reading *r)
{
	size_t from = r->words->at, len;
	const char *word = rule_next(r->words), *equals = strncmp(word, "--", 2) ? NULL : strchr(word, '=');

	len = equals ? (size_t)(equals - word) : strlen(word);
	if (!strcmp(word, "!"))
		return rule_refuse(r->words, "has a negated match");
	if (!strcmp(word, "-4") || !strcmp(word, "-6")) /* no more than iptables, or ip6tables, says itself */
		return !strcmp(r->tool, word[1] == '4' ? "iptables" : "ip6tables")
			   ? 0
			   : rule_refuse(r->words, "has the option %s", word);
	for (size_t i = 0; i < N_OPTIONS; i++)
		if (!strncmp(options[i].name, word, len) && !options[i].name[len])
			return take_option(r, i, equals ? equals + 1 : NULL, from);
	return rule_refuse(r->words, *word == '-' ? "has the option %s" : "has the word \"%s\"", word);
}

/* After all words: what needs more than one of them. */
static int
judge_protocol(struct reading *r)
{
	bool tcp = r->proto == IPPROTO_TCP, udp = r->proto == IPPROTO_UDP;
	const char *ports = r->client_is_destination ? r->sports : r->dports;

	if ((r->dports || r->sports) && !tcp && !udp)
		return not_taken(r, "a port without -p tcp or udp");
	if ((r->loaded[MATCH_TCP] && !tcp) || (r->loaded[MATCH_UDP] && !udp))
		return not_taken(r, "a match for another protocol");
	if (ports && !rule_ports(&r->words->rule->ports, ports, tcp, udp))
		return rule_refuse(r->words, "has the unknown port \"%s\"", ports);
	return 0;
}

static int
judge(struct reading *r)
{
	struct rule *rule = r->words->rule;

	if (!r->chain)
		return rule_refuse(r->words, "adds and deletes no rule");
	if (judge_protocol(r))
		return -1;
	if (!r->target)
		return rule_refuse(r->words, "has no target");
	if (strcmp(r->target, "ACCEPT"))
		return rule_refuse(r->words, "jumps to %s, not to ACCEPT", r->target);
	if (r->source)
		return rule_refuse(r->words, "is for %s, and not for the client", r->source);
	if (!r->client_is_source && !r->client_is_destination)
		return rule_refuse(r->words, "%s", rule->adds ? RULE_FOR_ALL : RULE_SHUT_FOR_ALL);
	rule->reply = r->client_is_destination;
	if (rule->reply && (!r->sports || r->dports || strcmp(r->chain, "OUTPUT") != 0))
		return rule_refuse(r->words, "lets packets to the client out, not in");
	if (!rule->reply && r->sports)
		return rule_refuse(r->words, "has a source port");
	rule->input = !rule->reply && rule_is_input(r->chain);
	return rule_part(r->words, "chain", r->chain);
}

static int
read_rule(struct rule_words *words, const char *tool)
{
	struct reading r = { .words = words, .tool = tool };

	words->rule->tool = RULE_IPTABLES;
	while (!words->why && rule_more(words))
		take_word(&r);
	if (words->why || judge(&r))
		return -1;
	return rule_finish(words, tool);
}

int
rule_iptables(struct rule_words *words)
{
	words->rule->families = RULE_V4;
	return read_rule(words, "iptables");
}

int
rule_ip6tables(struct rule_words *words)
{
	words->rule->families = RULE_V6;
	return read_rule(words, "ip6tables");
}
