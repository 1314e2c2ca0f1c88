/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ufw: "allow from %IP% to any port 22 proto tcp" and its deletion. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "rule_words.h"

struct reading {
	struct rule_words *words;
	const char *port, *proto, *source;
	bool from_client, at_source;
};

/* What comes before the matches: "--force delete allow", "insert 1 allow". */
static int
take_verb(struct rule_words *words)
{
	if (rule_eat(words, "--dry-run"))
		return rule_refuse(words, "only says what it would do: it opens nothing");
	while (rule_eat(words, "--force"))
		;
	if (rule_eat(words, "route"))
		return rule_refuse(words, "lets packets to other machines pass");
	rule_eat(words, "rule");
	words->rule->adds = !rule_eat(words, "delete");
	if (words->rule->adds && rule_eat(words, "insert"))
		rule_next(words);
	else if (words->rule->adds)
		rule_eat(words, "prepend");
	if (!rule_eat(words, "allow"))
		return rule_is_number(rule_peek(words))
			   ? rule_refuse(words, "deletes a rule by its number")
			   : rule_refuse(words, "is ufw %s, not ufw allow", rule_peek(words));
	rule_eat(words, "in");
	return 0;
}

static int
take_from(struct reading *r)
{
	const char *address = rule_next(r->words);

	r->at_source = true;
	if (rule_is_client(r->words->rule, address)) {
		r->from_client = true;
		r->words->rule->address = r->words->at - 1;
		r->words->rule->n_address = 1;
		return rule_part(r->words, "from", "%IP%");
	}
	if (strstr(address, "%IP%"))
		return rule_refuse(r->words, "opens for a network around the client");
	if (strcasecmp(address, "any"))
		r->source = address;
	return rule_part(r->words, "from", address);
}

/* "allow 22/tcp" has no "port". */
static int
take_port(struct reading *r, const char *text)
{
	const char *slash = strchr(text, '/');

	r->port = slash ? arena_copy(r->words->arena, text, (size_t)(slash - text)) : text;
	if (slash)
		r->proto = slash + 1;
	return r->port ? 0 : rule_refuse(r->words, "does not fit into memory");
}

/* ufw itself takes these words in lower case only. */
static int
take_match(struct reading *r)
{
	const char *word = rule_next(r->words);

	if (!strcmp(word, "from"))
		return take_from(r);
	if (!strcmp(word, "to")) {
		r->at_source = false;
		return rule_part(r->words, "to", rule_next(r->words));
	}
	if (!strcmp(word, "on"))
		return rule_part(r->words, "on", rule_next(r->words));
	if (!strcmp(word, "proto")) {
		r->proto = rule_next(r->words);
		return 0;
	}
	if (!strcmp(word, "comment")) { /* no part of what ufw delete compares */
		rule_next(r->words);
		return 0;
	}
	if (!strcmp(word, "app"))
		return rule_refuse(r->words, "opens the application %s, whose ports only ufw knows",
				   rule_next(r->words));
	if (!strcmp(word, "port")) {
		const char *port = rule_next(r->words);

		if (r->at_source)
			return rule_refuse(r->words, "has a source port");
		if (strchr(port, '/'))
			return rule_refuse(r->words, "has the port \"%s\", which ufw does not take: it opens nothing",
					   port);
		return take_port(r, port);
	}
	if (!rule_more(r->words) && !r->port && !r->words->n_parts)
		return take_port(r, word);
	return rule_refuse(r->words, "has the word \"%s\"", word);
}

static int
judge(struct reading *r)
{
	struct rule *rule = r->words->rule;
	bool any = !r->proto || !strcmp(r->proto, "any");
	bool tcp = any || !strcmp(r->proto, "tcp"), udp = any || !strcmp(r->proto, "udp");

	if (r->port && !*r->port)
		return rule_refuse(r->words, "names no port");
	if (r->port && strpbrk(r->port, ",:") && any)
		return rule_refuse(r->words,
				   "has several ports without proto, which ufw does not take: it opens nothing");
	if (!tcp && !udp)
		return rule_refuse(r->words, "opens for the protocol %s", r->proto);
	if (r->source)
		return rule_refuse(r->words, "is for %s, and not for the client", r->source);
	if (r->port && !rule_ports(&rule->ports, r->port, tcp, udp) && r->from_client)
		return rule_refuse(r->words, "has the unknown port \"%s\"", r->port);
	if (!r->from_client)
		return rule_refuse(r->words, "%s", rule->adds ? RULE_FOR_ALL : RULE_SHUT_FOR_ALL);
	rule->input = true;
	if (r->port && rule_part(r->words, "port", r->port))
		return -1;
	return rule_part(r->words, "proto", any ? "any" : tcp ? "tcp" : "udp");
}

int
rule_ufw(struct rule_words *words)
{
	struct reading r = { .words = words };

	words->rule->tool = RULE_UFW;
	words->rule->families = RULE_V4 | RULE_V6;
	if (take_verb(words))
		return -1;
	while (rule_more(words))
		if (take_match(&r))
			return -1;
	return judge(&r) || rule_finish(words, "ufw") ? -1 : 0;
}
