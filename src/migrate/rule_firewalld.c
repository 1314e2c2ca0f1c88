/* SPDX-License-Identifier: GPL-2.0-or-later */
/* firewall-cmd: rich rules that accept one address. */
#include <string.h>

#include "lib/duration.h"
#include "rule.h"

struct reading {
	struct rule *rule;
	struct arena *arena;
	const char *why;
	char *rich; /* the rule's text, being split */
	const char *port, *proto, *service;
	bool client;
};

static int
refuse(struct reading *r, const char *why)
{
	r->why = why ? why : "does not fit into memory";
	return -1;
}

/* The value of "--name=value" or "--name value", whose words begin at *i; NULL: another option. */
static const char *
value_of(const struct rule *rule, size_t *i, const char *name)
{
	const char *word = rule->words[*i];
	size_t len = strlen(name);

	if (!word || strncmp(word, name, len))
		return NULL;
	if (word[len] == '=')
		return word + len + 1;
	if (word[len] || *i + 1 == rule->n_words)
		return NULL;
	return rule->words[++*i];
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
take_word(struct reading *r, const char *word)
{
	static const char *const plain[] = {
		"rule", "source", "port", "service", "accept", "family=ipv4", "family=ipv6"
	};
	const char *value;

	if (!strcmp(word, "family=ipv4") || !strcmp(word, "family=ipv6"))
		r->rule->families = word[strlen("family=ipv")] == '4' ? RULE_V4 : RULE_V6;
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (!strcmp(plain[i], word))
			return 0;
	value = after(word, "address=");
	if (value) {
		r->client = rule_is_client(value);
		return r->client ? 0 : refuse(r, "matches another address than the client's");
	}
	if ((value = after(word, "port=")))
		r->port = value;
	else if ((value = after(word, "protocol=")))
		r->proto = value;
	else if ((value = after(word, "name=")))
		r->service = value;
	else
		return refuse(r, arena_print(r->arena, "has the word \"%s\" in its rich rule", word));
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
read_rich(struct reading *r, const char *text)
{
	struct rule *rule = r->rule;
	bool accepts = false;
	const char *word;

	r->rich = arena_copy(r->arena, text, strlen(text));
	if (!r->rich)
		return refuse(r, NULL);
	while ((word = next(r))) {
		accepts = accepts || !strcmp(word, "accept");
		if (take_word(r, word))
			return -1;
	}
	if (r->service) {
		r->port = port_of(r->service);
		r->proto = "tcp";
		if (!r->port)
			return refuse(r,
				      arena_print(r->arena,
						  "opens the service %s of firewalld, whose ports are not known here",
						  r->service));
	}
	rule->everybody = !r->client;
	if (!accepts || !r->client)
		return refuse(r, accepts ? "opens for everybody: it has no %IP%" : "does not accept");
	if (!r->port)
		return refuse(r, "opens all ports, which firewalld offers no set for");
	if (!r->proto || (strcmp(r->proto, "tcp") && strcmp(r->proto, "udp")) ||
	    !rule_ports(&rule->ports, r->port, *r->proto == 't', *r->proto == 'u'))
		return refuse(r, arena_print(r->arena, "has the unknown port \"%s\"", r->port));
	return 0;
}

static int
take_option(struct reading *r, size_t *i, const char **rich)
{
	struct rule *rule = r->rule;
	const char *word = rule->words[*i], *value;

	if (!strcmp(word, "--quiet") || !strcmp(word, "-q"))
		return 0;
	if (!strcmp(word, "--permanent"))
		return refuse(r, "changes only the rules for the next start of firewalld");
	if ((value = value_of(rule, i, "--zone"))) {
		rule->zone = value;
		return 0;
	}
	if ((value = value_of(rule, i, "--timeout")))
		return duration_parse(&rule->timeout_ms, value) ? refuse(r, "has no time after --timeout") : 0;
	if ((value = value_of(rule, i, "--add-rich-rule")) || (value = value_of(rule, i, "--remove-rich-rule"))) {
		rule->adds = word[2] == 'a';
		*rich = value;
		return 0;
	}
	if (!strncmp(word, "--add-source", 12) || !strncmp(word, "--remove-source", 15))
		return refuse(r, "puts the client into a zone, which firewalld offers no set for");
	return refuse(r, arena_print(r->arena, "has the option %s", word));
}

int
rule_firewalld(struct rule *rule, struct arena *arena, const char **why)
{
	struct reading r = { .rule = rule, .arena = arena };
	const char *rich = NULL;

	rule->tool = RULE_FIREWALLD;
	rule->families = RULE_V4 | RULE_V6;
	rule->input = true;
	for (size_t i = 1; !r.why && i < rule->n_words; i++)
		take_option(&r, &i, &rich);
	if (!r.why && !rich)
		refuse(&r, "has no rich rule");
	if (!r.why)
		read_rich(&r, rich);
	if (!r.why) {
		rule->key = arena_print(arena, "firewalld %s %u %s %s", rule->zone, rule->families, r.port, r.proto);
		if (!rule->key)
			refuse(&r, NULL);
	}
	*why = r.why;
	return r.why ? -1 : 0;
}
