/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of the shell's syntax that firewall commands need: words, quotes, and lists of commands. */
#ifndef KNOCKD_SHELL_H
#define KNOCKD_SHELL_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"

#define SHELL_WORDS    64
#define SHELL_COMMANDS 32

struct shell_command {
	const char *words[SHELL_WORDS];
	size_t n;
};

struct shell {
	struct shell_command at[SHELL_COMMANDS];
	size_t n;
};

/*
 * Splits "a b; c && d" into its commands. The output of commands may go to /dev/null. 0, or -1: `why` says what is more
 * than that, in words that follow "the command".
 */
int shell_split(struct shell *shell, const char *text, struct arena *arena, const char **why);

/* Writes the word as the shell reads it, quoted if it must be. NULL: no memory. */
const char *shell_quote(const char *word, struct arena *arena);

#endif
