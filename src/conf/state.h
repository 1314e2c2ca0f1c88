/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parser's state. parser.c has the grammar, keys*.c the keys, check.c the checks over several lines. */
#ifndef KNOCKD_STATE_H
#define KNOCKD_STATE_H

#include "conf/conf.h"
#include "lib/hint.h"
#include "lib/localports.h"

#define KEYS_LISTS 4 /* of keys.h */

/* BOTH: only of a key */
enum conf_scope { CONF_SCOPE_NONE, CONF_SCOPE_OPTIONS, CONF_SCOPE_DOOR, CONF_SCOPE_BOTH };

struct parser {
	const char *path;
	conf_report *report;
	conf_load *load;
	void *arg;
	struct conf *conf;
	int line;
	int errors;
	enum conf_scope scope;
	struct door *door;                 /* CONF_SCOPE_DOOR: the door being read */
	uint64_t seen[KEYS_LISTS];         /* keys met since the section began, see keys_met() */
	uint64_t seen_options[KEYS_LISTS]; /* ... in all sections [options] */
	const char *hint;                  /* the errors in this value end with it; "": none */
	char hint_text[HINT_LEN];
	struct localports local_ports;
	int share_line, cert_line; /* of Share in [options], and of the last Share_Cert or Share_Cert_Key */
	bool other_interface;      /* the command line gives the interfaces */
	bool bad_door;             /* the door has an error: do not report a missing sequence as well */
};

#endif
