/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/conffile.h"
#include "lib/log.h"
#include "parent/bootguard.h"
#include "parent/daemon.h"
#include "parent/options.h"
#include "process/notify.h"
#include "table/ruleset.h"

/* conf_report: errors and warnings on stderr, debug lines on stdout with -D. */
static void
report(void *arg, enum conf_severity severity, const char *text)
{
	const struct options *options = arg;

	if (severity != CONF_DEBUG)
		fprintf(stderr, "%s\n", text);
	else if (options->debug)
		printf("%s\n", text);
}

/* Not all users may write there: only the daemon's counts. */
static void
check_log(const char *path)
{
	if (path && log_try_file(path) && (errno != EACCES || !geteuid()))
		fprintf(stderr, "warning: cannot open logfile: %s: %s\n", path, strerror(errno));
}

static int
inspect(struct options *options)
{
	struct conf *conf = conffile_read(options->config, NULL, report, options);
	char err[256];
	int failed;

	if (!conf)
		return notify_config_status();
	failed = options_apply(options, conf, err, sizeof(err));
	if (failed) {
		fprintf(stderr, "%s\n", err);
	} else if (options->mode == MODE_PRINT_RULES) {
		failed = ruleset_print(conf, stdout);
	} else {
		check_log(conf->log_file ? conf->log_file : options->log_file);
		puts("configuration OK");
	}
	conf_free(conf);
	return failed || fflush(stdout) ? notify_config_status() : EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	struct options options;

	if (options_parse(&options, argc, argv)) {
		options_usage(stderr);
		return notify_config_status();
	}
	switch (options.mode) {
	case MODE_HELP:
		options_usage(stdout);
		return EXIT_SUCCESS;
	case MODE_VERSION:
		options_version(stdout);
		return EXIT_SUCCESS;
	case MODE_CHECK:
	case MODE_PRINT_RULES:
		return inspect(&options);
	case MODE_GUARD:
		return bootguard_install(&options);
	case MODE_UNGUARD:
		return bootguard_remove();
	case MODE_RUN:
		break;
	}
	return daemon_run(&options);
}
