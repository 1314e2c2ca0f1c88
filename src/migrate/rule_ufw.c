/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ufw: "allow from %IP% to any port 22 proto tcp" and its deletion. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "rule.h"

struct reading {
	struct rule *rule;
	struct arena *arena;
	struct rule_parts parts;
	size_t at;
	const char *port, *proto;
	bool from_client;
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

static bool
eat(struct reading *r, const char *word)
{
	if (r->at == r->rule->n_words || strcasecmp(r->rule->words[r->at], word))
		return false;
	r->at++;
	return true;
}

static int
part(struct reading *r, const char *key, const char *value)
{
	return rule_part(&r->parts, r->arena, key, value) ? refuse(r, NULL) : 0;
}

/* What comes before the matches: "--force delete allow", "insert 1 allow". */
static int
take_verb(struct reading *r)
{
	while (eat(r, "--force"))
		;
	r->rule->adds = !eat(r, "delete");
	if (r->rule->adds && eat(r, "insert"))
		next(r);
	else if (r->rule->adds)
		eat(r, "prepend");
	if (!eat(r, "allow"))
		return refuse(r, "is no ufw allow");
	eat(r, "in");
	return 0;
}

static int
take_from(struct reading *r)
{
	const char *address = next(r);

	if (strstr(address, "%IP%") && !rule_is_client(address))
		return refuse(r, "opens for a network around the client");
	if (rule_is_client(address)) {
		r->from_client = true;
		r->rule->address = r->at - 1;
		r->rule->n_address = 1;
	}
	return part(r, "from", r->from_client ? "%IP%" : address);
}

/* "allow 22/tcp" has no "port". */
static int
take_port(struct reading *r, const char *text)
{
	const char *slash = strchr(text, '/');

	r->port = slash ? arena_copy(r->arena, text, (size_t)(slash - text)) : text;
	if (slash)
		r->proto = slash + 1;
	return r->port ? 0 : refuse(r, NULL);
}

static int
take_match(struct reading *r)
{
	const char *word = next(r);

	if (!strcasecmp(word, "from"))
		return take_from(r);
	if (!strcasecmp(word, "to"))
		return part(r, "to", next(r));
	if (!strcasecmp(word, "on"))
		return part(r, "on", next(r));
	if (!strcasecmp(word, "proto")) {
		r->proto = next(r);
		return 0;
	}
	if (!strcasecmp(word, "comment")) { /* no part of what ufw delete compares */
		next(r);
		return 0;
	}
	if (!strcasecmp(word, "port")) {
		const char *port = next(r);

		if (strchr(port, '/'))
			return refuse(r, arena_print(r->arena,
						     "has the port \"%s\", which ufw does not take: it opens nothing",
						     port));
		return take_port(r, port);
	}
	if (r->rule->n_words == r->at && !r->port && !r->parts.n)
		return take_port(r, word);
	return refuse(r, arena_print(r->arena, "has the word \"%s\"", word));
}

static int
judge(struct reading *r)
{
	struct rule *rule = r->rule;
	bool any = !r->proto || !strcasecmp(r->proto, "any");
	bool tcp = any || !strcasecmp(r->proto, "tcp"), udp = any || !strcasecmp(r->proto, "udp");

	rule->everybody = !r->from_client;
	if (r->port && !*r->port)
		return refuse(r, "names no port");
	if (r->port && strpbrk(r->port, ",:") && any)
		return refuse(r, "has several ports without proto, which ufw does not take: it opens nothing");
	if (!tcp && !udp)
		return refuse(r, arena_print(r->arena, "opens for the protocol %s", r->proto));
	if (r->port && !rule_ports(&rule->ports, r->port, tcp, udp))
		return refuse(r, arena_print(r->arena, "has the unknown port \"%s\"", r->port));
	if (rule->everybody)
		return refuse(r, rule->adds ? "opens for everybody: it has no %IP%"
					    : "shuts for everybody: it has no %IP%");
	rule->input = true;
	if (part(r, "proto", any ? "any" : r->proto) || (r->port && part(r, "port", r->port)))
		return -1;
	return 0;
}

int
rule_ufw(struct rule *rule, struct arena *arena, const char **why)
{
	struct reading r = { .rule = rule, .arena = arena, .at = 1 };

	rule->tool = RULE_UFW;
	rule->families = RULE_V4 | RULE_V6;
	take_verb(&r);
	while (!r.why && r.at < rule->n_words)
		take_match(&r);
	if (!r.why)
		judge(&r);
	if (!r.why) {
		rule->key = rule_key(&r.parts, arena, "ufw");
		if (!rule->key)
			refuse(&r, NULL);
	}
	*why = r.why;
	return r.why ? -1 : 0;
}
