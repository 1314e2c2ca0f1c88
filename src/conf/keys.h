/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys of knockd.conf. */
#ifndef KNOCKD_KEYS_H
#define KNOCKD_KEYS_H

#include "state.h"

struct conf_key {
	const char *name;
	enum conf_scope scope;
	void (*set)(struct parser *parser, char *value); /* may change `value` */
	bool repeats; /* a second one in the section adds to the first instead of replacing it */
};

#define KEYS_MAX 64 /* in a list */

/* Keys of one subject, each list in a file of its own. */
struct conf_keys {
	const struct conf_key *at;
	size_t n;
};

extern const struct conf_keys keys_options, keys_door, keys_signed, keys_share;

/* Ignores case. NULL: no such key. */
const struct conf_key *keys_find(const char *name);

/* Do both names have the same letters and digits, ignoring case? */
bool keys_alike(const char *a, const char *b);

/* The key, or UseSyslog, whose name differs least, by a letter or two. NULL: none. */
const char *keys_similar(const char *name);

/* Was the key met in this section? Aliases count as one key: Command after Start_Command replaces it. */
bool keys_seen(const struct parser *parser, const struct conf_key *key);
void keys_met(struct parser *parser, const struct conf_key *key);

/* Has [options] the key? */
bool keys_in_options(const struct parser *parser, const struct conf_key *key);

/* UseSyslog is the only key without a value; every section accepts it. */
void keys_use_syslog(struct parser *parser);

#endif
