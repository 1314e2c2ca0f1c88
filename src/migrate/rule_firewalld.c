/* SPDX-License-Identifier: GPL-2.0-or-later */
/* firewall-cmd: rich rules that accept one address. */
#include <string.h>

#include "lib/duration.h"
#include "rule_words.h"

struct reading {
	struct rule_words *words;
	char *rich; /* the rule's text, being split */
	const char *port, *proto, *service;
	bool client, accepts;
};

/* The value of "--name=value" or "--name value", whose words begin with this one; NULL: another option. */
static const char *
value_of(struct rule_words *words, const char *word, const char *name)
{
	size_t len = strlen(name);

	if (strncmp(word, name, len) != 0)
		return NULL;
	if (word[len] == '=')
		return word + len + 1;
	return word[len] || !rule_more(words) ? NULL : rule_next(words);
}

/* The next word of a rich rule, without its quotes. */
static char *
next(struct reading *r)
{
	char *word, *to;

	do
		word = strsep(&r->rich, " \t");
	while (word && !*word);
	to = word;
	for (const char *c = word; c && *c; c++)
		if (*c != '"' && *c != '\'')
			*to++ = *c;
	if (to)
		*to = '\0';
	return word;
}

static const char *
after(const char *word, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(word, name, len) ? word + len : NULL;
}

static int
take_rich(struct reading *r, const char *word)
{
	static const char *const plain[] = { "rule", "source", "port", "service" };
	struct rule *rule = r->words->rule;
	const char *value;

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (!strcmp(plain[i], word))
			return 0;
	if (!strcmp(word, "accept"))
		r->accepts = true;
	else if (!strcmp(word, "family=ipv4"))
		rule->families &= RULE_V4;
	else if (!strcmp(word, "family=ipv6"))
		rule->families &= RULE_V6;
	else if ((value = after(word, "address=")))
		r->client = rule_is_client(rule, value);
	else if ((value = after(word, "port=")))
		r->port = value;
	else if ((value = after(word, "protocol=")))
		r->proto = value;
	else if ((value = after(word, "name=")))
		r->service = value;
	else
		return rule_refuse(r->words, "has the word \"%s\" in its rich rule", word);
	if (after(word, "address=") && !r->client)
		return rule_refuse(r->words, "matches another address than the client's");
	return 0;
}

/* firewalld's own services; others may have other ports than /etc/services. */
static const char *
port_of(const char *service)
{
	static const char *const known[][2] = {
		{ "ssh", "22" }, { "http", "80" }, { "https", "443" }, { "smtp", "25" }
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(known[i][0], service))
			return known[i][1];
	return NULL;
}

static int
judge(struct reading *r)
{
	struct rule *rule = r->words->rule;

	if (!r->accepts)
		return rule_refuse(r->words, "does not accept");
	if (!r->client)
		return rule_refuse(r->words, "%s", rule->adds ? RULE_FOR_ALL : RULE_SHUT_FOR_ALL);
	if (r->service) {
		r->port = port_of(r->service);
		r->proto = "tcp";
		if (!r->port)
			return rule_refuse(r->words, "opens the service %s, whose ports only firewalld knows",
					   r->service);
	}
	if (!r->port)
		return rule_refuse(r->words, "opens all ports, which firewalld offers no set for");
	if (!r->proto || (strcmp(r->proto, "tcp") && strcmp(r->proto, "udp")) ||
	    !rule_ports(&rule->ports, r->port, *r->proto == 't', *r->proto == 'u'))
		return rule_refuse(r->words, "has the unknown port \"%s\"", r->port);
	return 0;
}

static int
read_rich(struct reading *r, const char *text)
{
	const char *word;

	r->rich = arena_copy(r->words->arena, text, strlen(text));
	if (!r->rich)
		return rule_refuse(r->words, "does not fit into memory");
	while ((word = next(r)))
		if (take_rich(r, word))
			return -1;
	return judge(r);
}

/* "--add-port" and its like. */
static bool
is_for_all(const char *word)
{
	static const char *const names[] = { "port", "service", "protocol", "interface", "masquerade", "forward-port" };
	const char *name = after(word, "--add-");

	if (!name)
		name = after(word, "--remove-");
	for (size_t i = 0; name && i < sizeof(names) / sizeof(names[0]); i++)
		if (!strncmp(name, names[i], strlen(names[i])))
			return true;
	return false;
}

static int
take_option(struct rule_words *words, const char **rich)
{
	struct rule *rule = words->rule;
	const char *word = rule_next(words), *value;

	if (!strcmp(word, "--quiet") || !strcmp(word, "-q"))
		return 0;
	if (!strcmp(word, "--permanent")) {
		rule->lasting = true;
		return 0;
	}
	if (!strcmp(word, "--reload")) {
		rule->reloads = true;
		return 0;
	}
	if ((value = value_of(words, word, "--zone"))) {
		rule->zone = value;
		return 0;
	}
	if ((value = value_of(words, word, "--timeout")))
		return duration_parse(&rule->timeout_ms, value) ? rule_refuse(words, "has no time after --timeout") : 0;
	if ((value = value_of(words, word, "--add-rich-rule")) ||
	    (value = value_of(words, word, "--remove-rich-rule"))) {
		rule->adds = word[2] == 'a';
		*rich = value;
		return 0;
	}
	if (!strncmp(word, "--add-source", 12) || !strncmp(word, "--remove-source", 15))
		return rule_refuse(words, "puts the client into a zone, which firewalld offers no set for");
	if (is_for_all(word))
		return rule_refuse(words, "%s", word[2] == 'a' ? RULE_FOR_ALL : RULE_SHUT_FOR_ALL);
	return rule_refuse(words, "has the option %s", word);
}

int
rule_firewalld(struct rule_words *words)
{
	struct reading r = { .words = words };
	struct rule *rule = words->rule;
	const char *rich = NULL;

	rule->tool = RULE_FIREWALLD;
	rule->families = RULE_V4 | RULE_V6;
	rule->input = true;
	while (rule_more(words))
		if (take_option(words, &rich))
			return -1;
	if (rule->reloads && !rich)
		return 0;
	if (!rich || rule->reloads)
		return rule_refuse(words, "has no rich rule");
	if (rule->lasting && rule->timeout_ms)
		return rule_refuse(words, "has --timeout with --permanent, which firewall-cmd does not take: it opens "
					  "nothing");
	if (read_rich(&r, rich))
		return -1;
	rule->key = arena_print(words->arena, "firewalld %s %u %s %s", rule->zone, rule->families, r.port, r.proto);
	return rule->key ? 0 : rule_refuse(words, "does not fit into memory");
}
