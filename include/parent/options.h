/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * knockd's command line.
 */
#ifndef KNOCKD_OPTIONS_H
#define KNOCKD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum options_mode {
	MODE_RUN,
	MODE_CHECK,       /* -t */
	MODE_PRINT_RULES, /* --print-rules */
	MODE_GUARD,       /* --guard */
	MODE_UNGUARD,     /* --unguard */
	MODE_KEYGEN,      /* --keygen */
	MODE_SHARE_KEYGEN,
	MODE_VERSION,
	MODE_HELP,
};

struct options {
	enum options_mode mode;
	const char *config;
	const char *interface; /* NULL: the configuration's */
	const char *log_file;  /* NULL: not given; LogFile in the configuration has precedence */
	const char *pid_file;  /* likewise, PidFile */
	const char *key_file;  /* MODE_KEYGEN, MODE_SHARE_KEYGEN */
	bool daemon, debug, verbose, lookup, only_ipv4;
};

struct conf;

/* Applies -i and -4, which override the file. 0, or -1 with the reason in `err`. */
int options_apply(const struct options *options, struct conf *conf, char *err, size_t errlen);

/*
 * Parses the command line. 0, or -1 after a message on stderr. After --guard only the message: no mistake in the
 * service's options may leave ports open. The strings stay argv's.
 */
int options_parse(struct options *options, int argc, char **argv);

void options_usage(FILE *out);
void options_version(FILE *out);

#endif
