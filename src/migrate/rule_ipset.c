/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipset: "add NAME %IP% timeout 60" and its deletion. */
#include <string.h>

#include "lib/duration.h"
#include "rule.h"

static bool
is_one_of(const char *word, const char *a, const char *b)
{
	return !strcmp(word, a) || !strcmp(word, b);
}

/* The words without -exist, which only asks for silence. */
static size_t
without_exist(const struct rule *rule, const char **words)
{
	size_t n = 0;

	for (size_t i = 1; i < rule->n_words; i++)
		if (!is_one_of(rule->words[i], "-exist", "-!") && !is_one_of(rule->words[i], "--exist", "-q"))
			words[n++] = rule->words[i];
	return n;
}

int
rule_ipset(struct rule *rule, struct arena *arena, const char **why)
{
	const char *words[SHELL_WORDS + 8];
	size_t n = without_exist(rule, words);
	bool adds = n && is_one_of(words[0], "add", "-A"), deletes = n && is_one_of(words[0], "del", "-D");

	rule->tool = RULE_IPSET;
	*why = "is neither ipset add nor ipset del";
	if (!adds && !deletes)
		return -1;
	rule->adds = adds;
	*why = "has no %IP% as its element";
	if (n < 3 || !rule_is_client(words[2]))
		return -1;
	rule->set = words[1];
	*why = "has options that only ipset has";
	if (n == 5 && !strcmp(words[3], "timeout")) {
		if (duration_parse(&rule->timeout_ms, words[4]))
			return -1;
	} else if (n != 3) {
		return -1;
	}
	rule->families = RULE_V4;
	rule->input = true;
	rule->key = arena_print(arena, "ipset %s", rule->set);
	*why = "does not fit into memory";
	return rule->key ? 0 : -1;
}
