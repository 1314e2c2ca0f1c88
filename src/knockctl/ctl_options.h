/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * knockctl's command line.
 */
#ifndef KNOCKD_CTL_OPTIONS_H
#define KNOCKD_CTL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/request.h"

enum ctl_mode { CTL_ASK, CTL_LOCAL, CTL_HELP, CTL_VERSION, CTL_WRONG };

/* Commands for which no daemon is asked. */
enum ctl_local { CTL_MIGRATE, CTL_NEW, CTL_DOCTOR, CTL_TOP, CTL_LOCALS };

struct ctl_options {
	const char *socket;
	bool json, prometheus;
	bool hosted; /* --host is given */
	char host[256];
	const char *words[REQUEST_WORDS]; /* the request, for request_format() */
	size_t n_words;
	struct request request;

	enum ctl_local local; /* CTL_LOCAL */
	const char *file;     /* the configuration */
	const char *prefer;   /* --prefer; NULL: not given */
	bool apply;
	const char *open, *time; /* --open, --for; NULL: not given */
	bool write;
};

/* Does knockctl add a user to a file that the daemon names? */
bool ctl_options_adds(enum request_command command);

/* CTL_WRONG: the reason is in `err`. The strings stay argv's. */
enum ctl_mode ctl_options_parse(struct ctl_options *options, int argc, char **argv, char *err, size_t errlen);

#endif
