/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads a firewall command, whichever tool it runs. */
#ifndef KNOCKD_RULE_READ_H
#define KNOCKD_RULE_READ_H

#include "rule.h"

/*
 * Reads one command. 0, or -1: `why` tells why it is none that can be replaced, in words that follow "the command".
 * `rule` may have ports then.
 */
int rule_read(struct rule *rule, const struct shell_command *command, struct arena *arena, const char **why);

/* Is it "sleep N", and how long? */
bool rule_sleeps(const struct shell_command *command, uint64_t *ms);

/* The text of "sh -c TEXT"; NULL: another command. */
const char *rule_script(const struct shell_command *command);

#endif
