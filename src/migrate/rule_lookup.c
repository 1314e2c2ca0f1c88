/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rule_lookup.h"

#include <string.h>

static const char *
base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool
is(const struct shell_command *command, size_t at, const char *word)
{
	return at < command->n && !strcmp(command->words[at], word);
}

static bool
is_nft(const struct shell_command *command, size_t *at)
{
	*at = is(command, 0, "sudo");
	return *at < command->n && !strcmp(base(command->words[(*at)++]), "nft");
}

/* "[FAMILY] TABLE CHAIN": the words up to `end`. NULL: another number of them. */
static const char *
chain_of(const struct shell_command *command, size_t at, size_t end, struct arena *arena)
{
	const char *const *w = &command->words[at];

	if (end - at == 3)
		return arena_print(arena, "%s %s %s", w[0], w[1], w[2]);
	return end - at == 2 ? arena_print(arena, "ip %s %s", w[0], w[1]) : NULL;
}

/* "nft delete rule inet filter input handle": the chain. */
static const char *
chain_of_deletion(const struct shell_command *command, struct arena *arena)
{
	size_t at;

	if (!is_nft(command, &at) || !is(command, at, "delete") || !is(command, at + 1, "rule") ||
	    !is(command, command->n - 1, "handle"))
		return NULL;
	return chain_of(command, at + 2, command->n - 1, arena);
}

/* "nft -a list chain inet filter input", or the list of more than that */
static bool
lists(const struct shell_command *command, const char *chain, struct arena *arena)
{
	bool handles = false;
	const char *listed;
	size_t at;

	if (!is_nft(command, &at))
		return false;
	for (; at < command->n && *command->words[at] == '-'; at++)
		handles = handles || strchr(command->words[at], 'a');
	if (!handles || !is(command, at, "list"))
		return false;
	if (is(command, at + 1, "ruleset") || is(command, at + 1, "table"))
		return true;
	listed = is(command, at + 1, "chain") ? chain_of(command, at + 2, command->n, arena) : NULL;
	return listed && !strcmp(listed, chain);
}

/* What picks a handle out of a list; braces and dollars are awk's, and in quotes. */
static bool
picks(const char *part)
{
	static const char *const programs[] = { "grep", "egrep", "awk", "sed", "cut", "head", "tail", "tr" };
	size_t blank = strspn(part, " \t"), len = strcspn(part + blank, " \t");

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		if (len == strlen(programs[i]) && !strncmp(part + blank, programs[i], len))
			return !strpbrk(part, ";&<>`");
	return false;
}

static bool
split_one(struct shell *shell, const char *text, struct arena *arena)
{
	const char *why;

	return !shell_split(shell, text, arena, &why) && shell->n == 1 && shell->at[0].n;
}

/* Cuts out what stands in "$(...)" or in backquotes at the end of the text; NULL: nothing does. */
static char *
cut_out(char *text)
{
	char *begin = strstr(text, "$("), *end = text + strlen(text);
	size_t mark = begin ? 2 : 1;
	char last = begin ? ')' : '`';

	if (!begin)
		begin = strchr(text, '`');
	while (begin && end > begin + mark && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	if (!begin || end <= begin + mark || end[-1] != last)
		return NULL;
	*begin = end[-1] = '\0';
	return begin + mark;
}

bool
rule_lookup(struct rule *rule, const char *text, struct arena *arena)
{
	char *copy = arena_copy(arena, text, strlen(text)), *inner = copy ? cut_out(copy) : NULL, *part;
	struct shell shell;
	const char *chain;
	bool has_client;

	if (!inner || !split_one(&shell, copy, arena))
		return false;
	chain = chain_of_deletion(&shell.at[0], arena);
	has_client = strstr(inner, "%IP%");
	part = strsep(&inner, "|");
	if (!chain || !has_client || !split_one(&shell, part, arena) || !lists(&shell.at[0], chain, arena))
		return false;
	while ((part = strsep(&inner, "|")))
		if (!picks(part))
			return false;
	*rule = (struct rule){ .tool = RULE_NFT, .zone = "", .chain = chain };
	return true;
}
