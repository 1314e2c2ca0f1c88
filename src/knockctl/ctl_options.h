/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * knockctl's command line.
 */
#ifndef KNOCKD_CTL_OPTIONS_H
#define KNOCKD_CTL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/request.h"

enum ctl_mode { CTL_ASK, CTL_HELP, CTL_VERSION, CTL_WRONG };

struct ctl_options {
	const char *socket;
	bool json, prometheus;
	const char *words[REQUEST_WORDS]; /* the request, for request_format() */
	size_t n_words;
	struct request request;
};

/* CTL_WRONG: the reason is in `err`. The strings stay argv's. */
enum ctl_mode ctl_options_parse(struct ctl_options *options, int argc, char **argv, char *err, size_t errlen);

#endif
