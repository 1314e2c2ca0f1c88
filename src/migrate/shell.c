/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shell.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

struct input {
	const char *at;
	struct shell *shell;
	struct arena *arena;
	const char *why;
	char *word; /* being read, as long as the text */
	size_t len;
	bool in_word; /* also an empty one, such as "" */
	size_t depth; /* of parentheses */
};

static int
refuse(struct input *in, const char *why)
{
	in->why = why;
	return -1;
}

static struct shell_command *
last(const struct input *in)
{
	return &in->shell->at[in->shell->n];
}

static int
end_word(struct input *in)
{
	struct shell_command *command = last(in);

	if (!in->in_word)
		return 0;
	if (command->n == SHELL_WORDS)
		return refuse(in, "has too many words");
	command->words[command->n] = arena_copy(in->arena, in->word, in->len);
	if (!command->words[command->n])
		return refuse(in, "does not fit into memory");
	command->n++;
	in->len = 0;
	in->in_word = false;
	return 0;
}

static int
end_command(struct input *in)
{
	if (end_word(in))
		return -1;
	if (!last(in)->n)
		return 0;
	if (++in->shell->n == SHELL_COMMANDS)
		return refuse(in, "has too many parts");
	last(in)->n = 0;
	return 0;
}

static void
take(struct input *in, char c)
{
	in->word[in->len++] = c;
	in->in_word = true;
}

static int
single_quotes(struct input *in)
{
	in->in_word = true;
	for (in->at++; *in->at != '\''; in->at++) {
		if (!*in->at)
			return refuse(in, "has a quote without its end");
		take(in, *in->at);
	}
	in->at++;
	return 0;
}

static int
double_quotes(struct input *in)
{
	in->in_word = true;
	for (in->at++; *in->at != '"'; in->at++) {
		if (!*in->at)
			return refuse(in, "has a quote without its end");
		if (*in->at == '$' || *in->at == '`')
			return refuse(in, "uses a variable or the output of another command");
		if (*in->at == '\\' && in->at[1] && strchr("\\\"$`", in->at[1]))
			in->at++;
		take(in, *in->at);
	}
	in->at++;
	return 0;
}

/* ">/dev/null", "2>/dev/null" and "2>&1" change nothing in the firewall. */
static bool
skip_redirection(struct input *in)
{
	static const char *const harmless[] = { ">/dev/null",  "> /dev/null", "2>/dev/null", "2> /dev/null",
						"1>/dev/null", "2>&1",        "&>/dev/null", "&> /dev/null" };

	for (size_t i = 0; !in->in_word && i < sizeof(harmless) / sizeof(harmless[0]); i++) {
		size_t len = strlen(harmless[i]);

		if (!strncmp(in->at, harmless[i], len) && (!in->at[len] || strchr(" \t;&", in->at[len]))) {
			in->at += len;
			return true;
		}
	}
	return false;
}

/* "|| true" only asks for a good exit status. */
static bool
skip_true(struct input *in)
{
	static const char *const words[] = { "true", ":", "/bin/true" };
	const char *at = in->at + 2 + strspn(in->at + 2, " \t");

	for (size_t i = 0; !in->in_word && i < sizeof(words) / sizeof(words[0]); i++) {
		size_t len = strlen(words[i]);

		if (!strncmp(at, words[i], len) && (!at[len] || strchr(" \t;&|", at[len]))) {
			in->at = at + len;
			return true;
		}
	}
	return false;
}

/* Behind "&" at the end nothing waits for the command, and nothing runs beside it. */
static bool
is_end(const char *text)
{
	text += strspn(text, " \t;)");
	return !*text || *text == '#';
}

/* "(a; b)" does to the firewall what "a; b" does. */
static int
parenthesis(struct input *in)
{
	bool begins = *in->at++ == '(';

	if (begins ? in->in_word || last(in)->n : !in->depth)
		return refuse(in, "has a parenthesis in a place where it is no subshell");
	in->depth += begins ? 1 : -1;
	return begins ? 0 : end_command(in);
}

static int
operator(struct input *in)
{
	switch (*in->at) {
	case ';':
		in->at++;
		return end_command(in);
	case '&':
		if (in->at[1] != '&' && !is_end(in->at + 1))
			return refuse(in, "runs in the background, with more behind it");
		in->at += in->at[1] == '&' ? 2 : 1;
		return end_command(in);
	case '|':
		if (in->at[1] != '|')
			return refuse(in, "passes its output on");
		return skip_true(in) ? 0 : refuse(in, "depends on another one's failure");
	case '<':
	case '>':
		return refuse(in, "reads or writes a file");
	case '$':
	case '`':
		return refuse(in, "uses a variable or the output of another command");
	case '(':
	case ')':
		return parenthesis(in);
	default: /* * ? [ ~ */
		return refuse(in, "has a pattern for file names");
	}
}

static int
step(struct input *in)
{
	if (skip_redirection(in))
		return 0;
	if (*in->at == ' ' || *in->at == '\t') {
		in->at++;
		return end_word(in);
	}
	if (*in->at == '\'')
		return single_quotes(in);
	if (*in->at == '"')
		return double_quotes(in);
	if (*in->at == '#' && !in->in_word) {
		in->at += strlen(in->at);
		return 0;
	}
	if (strchr(";&|<>$`()*?[~", *in->at))
		return operator(in);
	if (*in->at == '\\' && in->at[1])
		in->at++;
	take(in, *in->at++);
	return 0;
}

int
shell_split(struct shell *shell, const char *text, struct arena *arena, const char **why)
{
	struct input in = { .at = text, .shell = shell, .arena = arena };

	shell->n = 0;
	shell->at[0].n = 0;
	in.word = arena_get(arena, strlen(text) + 1, 1);
	if (!in.word) {
		*why = "does not fit into memory";
		return -1;
	}
	while (*in.at)
		if (step(&in))
			break;
	if (!in.why)
		end_command(&in);
	if (!in.why && in.depth)
		refuse(&in, "has a parenthesis without its end");
	*why = in.why;
	return in.why ? -1 : 0;
}

const char *
shell_quote(const char *word, struct arena *arena)
{
	bool plain = *word;
	char *quoted, *to;

	for (const char *c = word; *c; c++)
		plain = plain && (isalnum((unsigned char)*c) || strchr("%+,-./:=@_", *c));
	if (plain)
		return word;
	to = quoted = arena_get(arena, strlen(word) * 4 + 3, 1);
	if (!quoted)
		return NULL;
	*to++ = '\'';
	for (; *word; word++)
		to = *word == '\'' ? stpcpy(to, "'\\''") : (*to = *word, to + 1);
	*to = '\'';
	return quoted;
}
