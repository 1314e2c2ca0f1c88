/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nft: elements of sets, and rules of one line. nft joins its words, and so does this. */
#include <stdio.h>
#include <string.h>

#include "conf/element.h"
#include "rule_words.h"

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
read_element(struct rule_words *words)
{
	struct rule *rule = words->rule;
	struct arena *arena = words->arena;
	const char *text = join(rule, words->at, rule->n_words, arena);
	char err[256], *written = arena_get(arena, 1, ELEMENT_TEXT_MAX);
	struct element element;

	rule->tool = RULE_ELEMENT;
	if (!text || !written)
		return rule_refuse(words, "does not fit into memory");
	if (!strstr(text, "%IP%"))
		return rule_refuse(words, "has no %%IP%% in its element");
	if (element_parse(&element, text, err, sizeof(err)))
		return rule_refuse(words, "has an element that grant cannot have: %s", err);
	rule->timeout_ms = element.timeout_ms;
	element.timeout_ms = 0;
	rule->element = element_text(&element, written, ELEMENT_TEXT_MAX);
	rule->table = arena_print(arena, "%s %s", element_family_name(element.family), element.table);
	rule->set = arena_print(arena, "%s", element.set);
	rule->key = arena_print(arena, "element %s", written);
	rule->families = RULE_V4 | RULE_V6;
	rule->input = true;
	element_free(&element);
	return rule->table && rule->set && rule->key ? 0 : rule_refuse(words, "does not fit into memory");
}

/* "22", "== 22", "{ 22, 80 }", "new,established": what is matched, as a list with commas. */
static const char *
list_of(struct rule_words *words)
{
	char *text = arena_get(words->arena, 512, 1), *to = text;
	bool braces;

	rule_eat(words, "==");
	braces = rule_eat(words, "{");
	while (text && rule_more(words)) {
		const char *item = rule_next(words);
		bool comma = !strcmp(item, ",");

		if (!strcmp(item, "}"))
			return text;
		if (strlen(text) + strlen(item) + 1 >= 512)
			break;
		to = stpcpy(to, item);
		if (!braces && !comma && strcmp(rule_peek(words), ",") != 0)
			return text;
	}
	return "";
}

static int
take_ports(struct rule_words *words, bool tcp)
{
	const char *ports;

	if (!rule_eat(words, "dport"))
		return rule_refuse(words, "matches more than a destination port");
	ports = list_of(words);
	if (!strncmp(ports, "!=", 2))
		return rule_refuse(words, "has a negated match");
	if (words->rule->ports.n || !rule_ports(&words->rule->ports, ports, tcp, !tcp))
		return rule_refuse(words, "has the unknown port \"%s\"", ports);
	return rule_part(words, tcp ? "tcp" : "udp", ports);
}

static int
take_client(struct rule_words *words, uint8_t family)
{
	struct rule *rule = words->rule;
	size_t from = words->at - 1;

	rule->families = family;
	if (!rule_eat(words, "saddr") || rule->n_address)
		return rule_refuse(words, "matches more than the client's address");
	rule_eat(words, "==");
	if (!rule_is_client(rule, rule_next(words)))
		return rule_refuse(words, "matches another address than the client's");
	rule->address = from;
	rule->n_address = words->at - from;
	return rule_part(words, "saddr", family == RULE_V4 ? "ip" : "ip6");
}

/* Only new packets count: the others pass the guard, and most firewalls, anyway. */
static int
take_states(struct rule_words *words)
{
	char *list, *word;
	bool is_new = false;

	if (!rule_eat(words, "state"))
		return rule_refuse(words, "matches more than the state of a connection");
	list = arena_print(words->arena, "%s", list_of(words));
	while (list && (word = strsep(&list, ",")))
		is_new = is_new || !strcmp(word, "new");
	return is_new ? 0 : rule_refuse(words, "lets no new connection in");
}

/* "counter", or "counter packets 0 bytes 0" as nft lists it */
static int
take_counter(struct rule_words *words)
{
	while (rule_eat(words, "packets") || rule_eat(words, "bytes"))
		rule_next(words);
	return 0;
}

static int
take_accept(struct rule_words *words)
{
	if (rule_eat(words, "comment"))
		words->at = words->rule->n_words;
	return rule_more(words) ? rule_refuse(words, "goes on after accept") : 0;
}

static int
take_statement(struct rule_words *words)
{
	const char *text = rule_next(words);

	if (!strcmp(text, "ip"))
		return take_client(words, RULE_V4);
	if (!strcmp(text, "ip6"))
		return take_client(words, RULE_V6);
	if (!strcmp(text, "tcp") || !strcmp(text, "udp"))
		return take_ports(words, *text == 't');
	if (!strcmp(text, "iif") || !strcmp(text, "iifname"))
		return rule_part(words, text, rule_next(words));
	if (!strcmp(text, "ct"))
		return take_states(words);
	if (!strcmp(text, "counter"))
		return take_counter(words);
	if (!strcmp(text, "accept"))
		return take_accept(words);
	return rule_refuse(words, "has the word \"%s\"", text);
}

static bool
has_word(const struct rule *rule, const char *text)
{
	for (size_t i = 1; i < rule->n_words; i++)
		if (!strcmp(rule->words[i], text))
			return true;
	return false;
}

/* As nft has it: a letter, then also digits and a few signs. */
static bool
is_name(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.0123456789-/\\";

	return *text && !strchr("0123456789-/\\", *text) && !text[strspn(text, letters)];
}

static int
read_rule(struct rule_words *words)
{
	struct rule *rule = words->rule;
	const char *family = is_family(rule_peek(words)) ? rule_next(words) : "ip", *table = rule_next(words),
		   *chain = rule_next(words);

	rule->tool = RULE_NFT;
	rule->input = rule_is_input(chain);
	if (!is_name(table) || !is_name(chain))
		return rule_refuse(words, "has the name \"%s\", which nft does not take: it opens nothing",
				   is_name(table) ? chain : table);
	rule->table = arena_print(words->arena, "%s %s", family, table);
	rule->chain = rule->table ? arena_print(words->arena, "%s %s", rule->table, chain) : NULL;
	if (!rule->chain || rule_part(words, "chain", rule->chain))
		return rule_refuse(words, "does not fit into memory");
	if (!has_word(rule, "accept"))
		return rule_refuse(words, "does not accept");
	if (rule_eat(words, "position") || rule_eat(words, "handle") || rule_eat(words, "index"))
		return rule_refuse(words, "has a place beside another rule, whose number changes");
	while (rule_more(words))
		if (take_statement(words))
			return -1;
	if (!rule->n_address)
		return rule_refuse(words, "%s", RULE_FOR_ALL);
	return rule_finish(words, "nft");
}

int
rule_nft(struct rule_words *words)
{
	struct rule *rule = words->rule;
	const char *verb, *object;

	if (split_again(rule, words->arena))
		return rule_refuse(words, "has too many words");
	while (rule_eat(words, "-a") || rule_eat(words, "-e") || rule_eat(words, "-n") || rule_eat(words, "--"))
		;
	if (rule_eat(words, "-f") || rule_eat(words, "--file"))
		return rule_refuse(words, "reads its rules from %s", rule_peek(words));
	verb = rule_next(words);
	object = rule_next(words);
	rule->adds = !strcmp(verb, "add") || !strcmp(verb, "insert") || !strcmp(verb, "create");
	if (!strcmp(object, "element") && (rule->adds || !strcmp(verb, "delete") || !strcmp(verb, "destroy")))
		return read_element(words);
	if (strcmp(object, "rule"))
		return rule_refuse(words, "is nft %s %s", verb, object);
	if (rule->adds)
		return read_rule(words);
	return rule_refuse(words, !strcmp(verb, "delete") ? "deletes a rule by its handle" : "is nft %s rule", verb);
}
