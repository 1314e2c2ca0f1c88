/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the two halves of the parser share: src/conf/conf.c knows the grammar, src/conf/conf_keys.c what each key
 * means. For nobody else.
 */
#ifndef KNOCKD_CONF_PARSER_H
#define KNOCKD_CONF_PARSER_H

#include "conf/conf.h"

enum conf_scope { CONF_SCOPE_NONE, CONF_SCOPE_OPTIONS, CONF_SCOPE_DOOR };

struct conf_parser {
	const char *path;
	conf_report *report;
	conf_load *load;
	void *arg;
	struct conf *conf;
	int line;
	int errors;
	enum conf_scope scope;
	struct door *door; /* CONF_SCOPE_DOOR: the one being filled */
	uint64_t seen;     /* keys met since the section began, see conf_key_met() */
	bool bad_door;     /* this door had an error already: do not add that its sequence is missing */
};

void conf_tell(struct conf_parser *parser, enum conf_severity severity, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* An error of the current line. Counted; parsing goes on. */
void conf_fail(struct conf_parser *parser, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void conf_warn(struct conf_parser *parser, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

struct conf_key {
	const char *name;
	enum conf_scope scope;
	void (*set)(struct conf_parser *parser, char *value); /* may change `value` */
	bool repeats; /* a second one in the section adds to the first instead of replacing it */
};

/* By its name in any case; NULL: there is none. */
const struct conf_key *conf_find_key(const char *name);

/* Was it met in this section? Aliases count as one key: Command after Start_Command replaces it. */
bool conf_key_seen(const struct conf_parser *parser, const struct conf_key *key);
void conf_key_met(struct conf_parser *parser, const struct conf_key *key);

/* UseSyslog is the only word that stands alone, and it may do so in any section. */
void conf_use_syslog(struct conf_parser *parser);

#endif
