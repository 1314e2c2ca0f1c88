/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of several keys. Each function reports what is wrong with the value. */
#ifndef KNOCKD_VALUE_H
#define KNOCKD_VALUE_H

#include "state.h"

/* Replaces the text; the second warns of what knockd 0.8's users write and it takes literally. */
void value_string(struct parser *parser, char **to, const char *value);
void value_path(struct parser *parser, char **to, const char *value);

/* As atoi(3) in knockd 0.8, with warnings: text counts as 0, and anything after the number is ignored. */
int64_t value_seconds(struct parser *parser, const char *key, const char *value);

/* For keys that knockd 0.8 does not have: the whole value must be a number in the range. 0, or -1. */
int value_number(struct parser *parser, const char *key, const char *value, long min, long max, long *n);

/* For keys of knockd's forks and our own: yes or no. */
bool value_switch(struct parser *parser, const char *key, const char *value);

/* A time in nft's units. 0, or -1. */
int value_time(struct parser *parser, uint64_t *ms, const char *key, const char *value);

/* Appends an element; an empty value: the key is given, without an element. */
void value_element(struct parser *parser, struct element_list *list, const char *key, const char *value);

#endif
