/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rule_read.h"

#include <ctype.h>
#include <string.h>

#include "lib/duration.h"
#include "rule_words.h"

static const struct {
	const char *program;
	rule_reader *read;
} readers[] = {
	{ "iptables", rule_iptables },
	{ "iptables-nft", rule_iptables },
	{ "iptables-legacy", rule_iptables },
	{ "ip6tables", rule_ip6tables },
	{ "ip6tables-nft", rule_ip6tables },
	{ "ip6tables-legacy", rule_ip6tables },
	{ "ufw", rule_ufw },
	{ "nft", rule_nft },
	{ "firewall-cmd", rule_firewalld },
	{ "ipset", rule_ipset },
};

static const char *
base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool
is_one_of(const char *word, const char *const *words)
{
	for (; *words; words++)
		if (!strcmp(*words, word))
			return true;
	return false;
}

/* The daemon runs commands as root, or as the user that the admin has chosen: sudo adds nothing to a rule. */
static size_t
skip_sudo(const struct shell_command *command, size_t at)
{
	static const char *const alone[] = { "-n", "-E", "-H", "--non-interactive", "--", NULL };
	static const char *const root[] = { "-uroot", "--user=root", NULL };

	if (at == command->n || strcmp(base(command->words[at]), "sudo"))
		return at;
	for (at++; at < command->n; at++) {
		const char *word = command->words[at];

		if (!strcmp(word, "-u") && at + 1 < command->n && !strcmp(command->words[at + 1], "root"))
			at++;
		else if (!is_one_of(word, alone) && !is_one_of(word, root))
			break;
	}
	return at;
}

/* "PATH=/sbin iptables": where the program is, and its language, change no rule. */
static size_t
skip_variables(const struct shell_command *command)
{
	size_t at = 0;

	while (at < command->n &&
	       (!strncmp(command->words[at], "PATH=", 5) || !strncmp(command->words[at], "LC_ALL=", 7) ||
		!strncmp(command->words[at], "LANG=", 5)))
		at++;
	return at;
}

static size_t
program_of(const struct shell_command *command)
{
	return skip_sudo(command, skip_variables(command));
}

const char *
rule_script(const struct shell_command *command)
{
	static const char *const shells[] = { "sh", "bash", "dash", NULL };
	size_t at = program_of(command);

	if (at + 3 != command->n || !is_one_of(base(command->words[at]), shells) ||
	    strcmp(command->words[at + 1], "-c") != 0)
		return NULL;
	return command->words[at + 2];
}

bool
rule_sleeps(const struct shell_command *command, uint64_t *ms)
{
	return command->n == 2 && !strcmp(base(command->words[0]), "sleep") && !duration_parse(ms, command->words[1]) &&
	       *ms;
}

/* Why this is no firewall command. */
static int
refuse_program(struct rule_words *words)
{
	static const char *const keywords[] = { "if",    "then", "else", "elif", "fi", "for", "while",
						"until", "do",   "done", "case", "[",  "{",   "}",
						"!",     "test", "eval", "exit", NULL };
	const char *word = words->rule->words[0], *equals = strchr(word, '=');

	if (is_one_of(word, keywords))
		return rule_refuse(words, "is a script: it has \"%s\"", word);
	if (strpbrk(word, " \t"))
		return rule_refuse(words, "is in quotes, so that its whole text is the name of a program");
	if (equals && !memchr(word, '/', (size_t)(equals - word)))
		return rule_refuse(words, "sets the variable %.*s", (int)(equals - word), word);
	if (*word == '-')
		return rule_refuse(words, "has sudo's option %s", word);
	return rule_refuse(words, "runs %s, which is no firewall command", base(word));
}

int
rule_read(struct rule *rule, const struct shell_command *command, struct arena *arena, const char **why)
{
	struct rule_words words = { .rule = rule, .arena = arena, .at = 1 };
	rule_reader *read = refuse_program;

	*rule = (struct rule){ .zone = "" };
	*why = "runs nothing";
	for (size_t i = program_of(command); i < command->n; i++)
		rule->words[rule->n_words++] = command->words[i];
	if (!rule->n_words)
		return -1;
	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
		if (!strcmp(readers[i].program, base(rule->words[0])))
			read = readers[i].read;
	read(&words);
	*why = words.why;
	return words.why ? -1 : 0;
}
