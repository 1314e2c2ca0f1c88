/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipset: "add NAME %IP% timeout 60" and its deletion. */
#include <string.h>

#include "lib/duration.h"
#include "rule_words.h"

/* -exist only asks for silence. */
static void
skip_quiet(struct rule_words *words)
{
	while (rule_eat(words, "-exist") || rule_eat(words, "--exist") || rule_eat(words, "-!") ||
	       rule_eat(words, "-q") || rule_eat(words, "-quiet"))
		;
}

static int
take_element(struct rule_words *words)
{
	const char *element = rule_next(words);

	if (rule_is_client(words->rule, element))
		return 0;
	if (!strncmp(element, "%IP%,", 5))
		return rule_refuse(words, "has an element of several parts, which only ipset has");
	if (!strncmp(element, "%IP%/", 5))
		return rule_refuse(words, "opens for a network around the client");
	return rule_refuse(words, "has no %%IP%% as its element");
}

int
rule_ipset(struct rule_words *words)
{
	struct rule *rule = words->rule;

	rule->tool = RULE_IPSET;
	/* of the set's family: its rules are in iptables or in ip6tables, and stay there */
	rule->families = RULE_V4 | RULE_V6;
	rule->input = true;
	skip_quiet(words);
	rule->adds = rule_eat(words, "add") || rule_eat(words, "-A");
	if (!rule->adds && !rule_eat(words, "del") && !rule_eat(words, "-D"))
		return rule_refuse(words, "is neither ipset add nor ipset del");
	skip_quiet(words);
	rule->set = rule_next(words);
	if (take_element(words))
		return -1;
	skip_quiet(words);
	if (rule->adds && rule_eat(words, "timeout")) {
		const char *time = rule_next(words);

		if (!rule_is_number(time))
			return rule_refuse(words, "has the timeout %s, which ipset does not take: it opens nothing",
					   time);
		if (strspn(time, "0") != strlen(time) && duration_parse(&rule->timeout_ms, time))
			return rule_refuse(words, "has the timeout %s, which is too long", time);
	}
	skip_quiet(words);
	if (rule_more(words))
		return rule_refuse(words, "has options that only ipset has");
	return rule_part(words, "set", rule->set) || rule_finish(words, "ipset") ? -1 : 0;
}
