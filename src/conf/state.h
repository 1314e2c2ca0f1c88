/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of the parser: parser.c knows the grammar, keys.c each key, check.c what depends on more than one line. */
#ifndef KNOCKD_STATE_H
#define KNOCKD_STATE_H

#include "conf/conf.h"

enum conf_scope { CONF_SCOPE_NONE, CONF_SCOPE_OPTIONS, CONF_SCOPE_DOOR };

struct parser {
	const char *path;
	conf_report *report;
	conf_load *load;
	void *arg;
	struct conf *conf;
	int line;
	int errors;
	enum conf_scope scope;
	struct door *door; /* CONF_SCOPE_DOOR: the one being filled */
	uint64_t seen;     /* keys met since the section began, see keys_met() */
	bool bad_door;     /* this door had an error already: do not add that its sequence is missing */
};

#endif
