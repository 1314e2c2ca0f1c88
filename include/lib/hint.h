/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hints for messages about knockd.conf and the client's profiles: mistakes that one does not see in the line. A hint
 * begins with ": " or is empty, and quotes nothing of the line but blanks and punctuation that are not ASCII.
 */
#ifndef KNOCKD_HINT_H
#define KNOCKD_HINT_H

#include <stddef.h>

#define HINT_LEN 64

/* A comment behind the value, or quotes around it: knockd takes both literally. */
const char *hint_literal(const char *value);

/* The same; then a character in the value that only looks like an ASCII one. */
const char *hint_value(const char *value, char buf[static HINT_LEN]);

/* A character that only looks like a blank, which the shell takes for a letter. */
const char *hint_blank(const char *value, char buf[static HINT_LEN]);

/* How many bytes at the beginning only look like blanks. */
size_t hint_blanks(const char *line);

/* A misspelt %IP% in a command or an element, which is no address. */
const char *hint_placeholder(const char *value);

/* A character of an unknown key that is not ASCII, or the key of almost the same name; `similar` may be NULL. */
const char *hint_key(const char *key, const char *similar, char buf[static HINT_LEN]);

/* The syntax of other programs: another comment, or an include. */
const char *hint_syntax(const char *line);

/* The same; then a character that only looks like an ASCII one. */
const char *hint_line(const char *line, char buf[static HINT_LEN]);

#endif
