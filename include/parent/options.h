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
	MODE_VERSION,
	MODE_HELP,
};

struct options {
	enum options_mode mode;
	const char *config;
	const char *interface; /* NULL: what the configuration says */
	const char *log_file;  /* NULL: not given; LogFile in the configuration wins over it */
	const char *pid_file;  /* likewise */
	bool daemon, debug, verbose, lookup, only_ipv4;
};

struct conf;

/* Lets -i and -4 win over what the file says. 0, or -1 with the reason in `err`. */
int options_apply(const struct options *options, struct conf *conf, char *err, size_t errlen);

/* Reads the command line. 0, or -1 after a message on stderr. The strings stay argv's. */
int options_parse(struct options *options, int argc, char **argv);

void options_usage(FILE *out);
void options_version(FILE *out);

#endif
