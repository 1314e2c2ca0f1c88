/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nft: elements of sets, and rules of one line. nft joins its words, and so does this. */
#include <stdio.h>
#include <string.h>

#include "conf/element.h"
#include "lib/text.h"
#include "rule.h"

static const char *
word(const struct rule *rule, size_t i)
{
	return i < rule->n_words ? rule->words[i] : "";
}

/* The words from `at` on, with single blanks. */
static const char *
join(const struct rule *rule, size_t at, size_t end, struct arena *arena)
{
	size_t len = 1;
	char *text, *to;

	for (size_t i = at; i < end; i++)
		len += strlen(rule->words[i]) + 1;
	to = text = arena_get(arena, len, 1);
	for (size_t i = at; text && i < end; i++)
		to = stpcpy(stpcpy(to, i > at ? " " : ""), rule->words[i]);
	return text;
}

/* One word of the shell may be several of nft: "nft 'add rule ...'". Braces and commas are words of their own. */
static int
split_again(struct rule *rule, struct arena *arena)
{
	const char *all = join(rule, 1, rule->n_words, arena);
	char *text = all ? arena_get(arena, strlen(all) * 3 + 1, 1) : NULL, *to = text, *at;

	if (!text)
		return -1;
	for (const char *c = all; *c; c++) {
		bool apart = strchr("{},;", *c);

		to = stpcpy(to, apart ? " " : "");
		*to++ = *c;
		to = stpcpy(to, apart ? " " : "");
	}
	rule->n_words = 1;
	while ((at = strsep(&text, " \t"))) {
		if (!*at)
			continue;
		if (rule->n_words == SHELL_WORDS)
			return -1;
		rule->words[rule->n_words++] = at;
	}
	return 0;
}

static bool
is_family(const char *text)
{
	return !strcmp(text, "ip") || !strcmp(text, "ip6") || !strcmp(text, "inet");
}

/* "add element inet filter ok { %IP% timeout 1h }" */
static int
read_element(struct rule *rule, size_t at, struct arena *arena, const char **why)
{
	const char *text = join(rule, at, rule->n_words, arena);
	char err[256], *written = arena_get(arena, 1, ELEMENT_TEXT_MAX);
	struct element element;
	uint64_t timeout_ms;

	rule->tool = RULE_ELEMENT;
	*why = "does not fit into memory";
	if (!text || !written)
		return -1;
	*why = "has no %IP% in its element";
	rule->everybody = !strstr(text, "%IP%");
	if (rule->everybody)
		return -1;
	if (element_parse(&element, text, err, sizeof(err))) {
		*why = arena_print(arena, "has an element that grant cannot have: %s", err);
		return -1;
	}
	timeout_ms = element.timeout_ms;
	element.timeout_ms = 0;
	rule->element = element_text(&element, written, ELEMENT_TEXT_MAX);
	rule->table = arena_print(arena, "%s %s", element_family_name(element.family), element.table);
	rule->set = arena_print(arena, "%s", element.set);
	rule->key = arena_print(arena, "element %s", written);
	rule->families = RULE_V4 | RULE_V6;
	rule->timeout_ms = timeout_ms;
	rule->input = true;
	element_free(&element);
	*why = "does not fit into memory";
	return rule->table && rule->set && rule->key ? 0 : -1;
}

struct reading {
	struct rule *rule;
	struct arena *arena;
	struct rule_parts parts;
	size_t at;
	bool client;
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

/* "22", "{ 22, 80 }": the ports of a match, as a list with commas. */
static const char *
list_of(struct reading *r)
{
	const char *first = next(r);
	char *text, *to;

	if (strcmp(first, "{"))
		return first;
	to = text = arena_get(r->arena, 512, 1);
	while (text && r->at < r->rule->n_words) {
		const char *item = next(r);

		if (!strcmp(item, "}"))
			return text;
		if (strlen(text) + strlen(item) + 1 >= 512)
			break;
		to = stpcpy(to, item);
	}
	return "";
}

static int
take_ports(struct reading *r, bool tcp)
{
	const char *ports;

	if (strcmp(next(r), "dport"))
		return refuse(r, "matches more than a destination port");
	ports = list_of(r);
	if (r->rule->ports.n || !rule_ports(&r->rule->ports, ports, tcp, !tcp))
		return refuse(r, arena_print(r->arena, "has the unknown port \"%s\"", ports));
	return rule_part(&r->parts, r->arena, tcp ? "tcp" : "udp", ports) ? refuse(r, NULL) : 0;
}

static int
take_client(struct reading *r, uint8_t family)
{
	size_t from = r->at - 1;

	if (strcmp(next(r), "saddr") || !rule_is_client(next(r)) || r->client)
		return refuse(r, "matches another address than the client's");
	r->client = true;
	r->rule->families = family;
	r->rule->address = from;
	r->rule->n_address = r->at - from;
	return rule_part(&r->parts, r->arena, "saddr", family == RULE_V4 ? "ip" : "ip6") ? refuse(r, NULL) : 0;
}

/* The statements after the chain. */
static int
take_statement(struct reading *r)
{
	const char *text = next(r);

	if (!strcmp(text, "ip"))
		return take_client(r, RULE_V4);
	if (!strcmp(text, "ip6"))
		return take_client(r, RULE_V6);
	if (!strcmp(text, "tcp") || !strcmp(text, "udp"))
		return take_ports(r, *text == 't');
	if (!strcmp(text, "iif") || !strcmp(text, "iifname"))
		return rule_part(&r->parts, r->arena, text, next(r)) ? refuse(r, NULL) : 0;
	if (!strcmp(text, "ct")) {
		if (strcmp(next(r), "state") || strcmp(next(r), "new"))
			return refuse(r, "matches another state than new");
		return 0;
	}
	if (!strcmp(text, "counter"))
		return 0;
	if (!strcmp(text, "accept")) {
		if (r->at < r->rule->n_words && !strcmp(r->rule->words[r->at], "comment"))
			r->at = r->rule->n_words;
		return r->at == r->rule->n_words ? 0 : refuse(r, "goes on after accept");
	}
	return refuse(r, arena_print(r->arena, "has the word \"%s\"", text));
}

static int
read_rule(struct rule *rule, size_t at, struct arena *arena, const char **why)
{
	struct reading r = { .rule = rule, .arena = arena, .at = at };
	const char *family = is_family(word(rule, at)) ? word(rule, r.at++) : "ip", *table = next(&r),
		   *chain = next(&r);
	bool accepts = false;

	rule->tool = RULE_NFT;
	rule->table = arena_print(arena, "%s %s", family, table);
	for (size_t i = at; i < rule->n_words; i++)
		accepts = accepts || !strcmp(rule->words[i], "accept");
	if (!rule->table || rule_part(&r.parts, arena, "chain", arena_print(arena, "%s %s", rule->table, chain)))
		refuse(&r, NULL);
	while (!r.why && r.at < rule->n_words)
		take_statement(&r);
	if (!r.why && !accepts)
		refuse(&r, "does not accept");
	rule->everybody = !r.client;
	if (!r.why && !r.client)
		refuse(&r, "opens for everybody: it has no %IP%");
	rule->input = true;
	rule->key = rule_key(&r.parts, arena, "nft");
	*why = r.why;
	return r.why ? -1 : 0;
}

int
rule_nft(struct rule *rule, struct arena *arena, const char **why)
{
	*why = "has too many words";
	if (split_again(rule, arena))
		return -1;
	rule->adds = !strcmp(word(rule, 1), "add") || !strcmp(word(rule, 1), "insert");
	if (!strcmp(word(rule, 2), "element") && (rule->adds || !strcmp(word(rule, 1), "delete")))
		return read_element(rule, 3, arena, why);
	if (!strcmp(word(rule, 2), "rule") && rule->adds)
		return read_rule(rule, 3, arena, why);
	*why = !strcmp(word(rule, 2), "rule") ? "deletes a rule by its handle"
					      : arena_print(arena, "is nft %s %s", word(rule, 1), word(rule, 2));
	return -1;
}
