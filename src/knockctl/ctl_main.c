/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <locale.h>
#include <stdio.h>

#include "config.h"
#include "ctl.h"
#include "ctl_doctor.h"
#include "ctl_migrate.h"
#include "ctl_new.h"
#include "ctl_top.h"

static int
run_local(const struct ctl_options *options)
{
	switch (options->local) {
	case CTL_MIGRATE:
		return ctl_migrate(options);
	case CTL_NEW:
		return ctl_new(options);
	case CTL_DOCTOR:
		return ctl_doctor(options);
	case CTL_TOP:
		return ctl_top(options);
	case CTL_LOCALS:
		break;
	}
	return CTL_EXIT_USAGE;
}

int
main(int argc, char **argv)
{
	struct ctl_options options;
	char err[512];

	setlocale(LC_ALL, "");
	switch (ctl_options_parse(&options, argc, argv, err, sizeof(err))) {
	case CTL_ASK:
		return ctl_run(&options);
	case CTL_LOCAL:
		return run_local(&options);
	case CTL_HELP:
		ctl_usage(stdout);
		return CTL_EXIT_OK;
	case CTL_VERSION:
		puts("knockctl " PACKAGE_VERSION " (" PACKAGE_NAME ")\n"
		     "Copyright (C) 2026 the knockd-nft authors; GPL-2.0-or-later, no warranty");
		return CTL_EXIT_OK;
	case CTL_WRONG:
		break;
	}
	if (*err)
		fprintf(stderr, "knockctl: %s\n", err);
	fputs("try \"knockctl --help\"\n", stderr);
	return CTL_EXIT_USAGE;
}
