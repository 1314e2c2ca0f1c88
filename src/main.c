/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "access/codes.h"
#include "access/names.h"
#include "conf/conffile.h"
#include "conf/tlsfiles.h"
#include "config.h"
#include "courier/courier.h"
#include "lib/log.h"
#include "parent/bootguard.h"
#include "parent/daemon.h"
#include "parent/interfaces.h"
#include "parent/options.h"
#include "process/notify.h"
#include "share/seal.h"
#include "signed/authorized.h"
#include "signed/serverkey.h"
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
open_key(const char *path)
{
	return open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

/* The daemon starts without secrets, too: "knockctl totp" makes the first one. */
static void
check_secrets(const struct conf *conf)
{
	struct codes *codes;
	struct log log;

	if (!conf->totp_secrets)
		return;
	log_init(&log);
	codes = codes_new(&log);
	if (codes)
		codes_read(codes, open_key(conf->totp_secrets), geteuid(), conf);
	codes_free(codes);
}

#ifdef HAVE_SODIUM
/* authorized_report. These are warnings, as the daemon starts without the line, and without the file. */
static void
report_user(void *arg, int line, const char *text)
{
	const struct conf *conf = arg;

	if (line)
		fprintf(stderr, "%s: line %d: warning: %s; the key does not count\n", conf->authorized_keys, line,
			text);
	else
		fprintf(stderr, "%s: warning: %s\n", conf->authorized_keys, text);
}

/* names_report */
static void
report_name(void *arg, const char *text)
{
	(void)arg;
	fprintf(stderr, "%s\n", text);
}
#endif

#ifdef HAVE_HIREDIS
/* tlsfiles_opener */
static int
open_for_tls(void *arg, const char *path)
{
	(void)arg;
	return open_key(path);
}

static int
check_tls(struct share_conf *share, struct options *options)
{
	char why[PATH_MAX + SHARE_REASON];

	if (!share->tls)
		return 0;
	share->tls_files = tlsfiles_open(share->tls_path, geteuid(), open_for_tls, NULL, why, sizeof(why));
	if (share->tls_files && !courier_check_tls(courier_open(), share->tls_files->fds, why))
		return 0;
	report(options, CONF_ERROR, why);
	return -1;
}
#endif

static int
check_share(struct conf *conf, struct options *options)
{
#ifdef HAVE_HIREDIS
	struct share_conf *share = &conf->share;
	int failed = 0;

	if (!share->engine)
		return 0;
	if (conffile_read_share(conf, share->key_path ? open_key(share->key_path) : -1,
				share->login_path ? open_key(share->login_path) : -1, geteuid(), report, options))
		failed = -1;
	return check_tls(share, options) ? -1 : failed;
#else
	(void)conf, (void)options;
	return 0;
#endif
}

static int
check_keys(struct conf *conf, struct options *options)
{
#ifdef HAVE_SODIUM
	struct authorized users;
	int failed =
	    conf->knock_key ? conffile_read_key(conf, open_key(conf->knock_key), geteuid(), report, options) : 0;

	if (conf->authorized_keys &&
	    !authorized_read(&users, open_key(conf->authorized_keys), geteuid(), report_user, conf)) {
		names_check(conf, &users, report_name, NULL);
		authorized_free(&users);
	}
	return failed;
#else
	(void)conf, (void)options;
	return 0;
#endif
}

/* All files that the configuration names, so that all their errors are told. */
static int
check_files(struct conf *conf, struct options *options)
{
	int failed = check_keys(conf, options);

	return check_share(conf, options) ? -1 : failed;
}

static int
inspect(struct options *options)
{
	struct conf *conf = options->interface ? conffile_read_but_interface(options->config, NULL, report, options)
					       : conffile_read(options->config, NULL, report, options);
	char err[256];
	int failed;

	if (!conf)
		return notify_config_status();
	failed = options_apply(options, conf, err, sizeof(err));
	if (failed) {
		fprintf(stderr, "%s\n", err);
	} else if (options->mode == MODE_CHECK && check_files(conf, options)) {
		failed = -1;
	} else if (options->mode == MODE_PRINT_RULES) {
		interfaces_translate(conf, NULL);
		failed = ruleset_print(conf, stdout);
	} else {
		check_log(conf->log_file ? conf->log_file : options->log_file);
		check_secrets(conf);
		puts("configuration OK");
	}
	conf_free(conf);
	return failed || fflush(stdout) ? notify_config_status() : EXIT_SUCCESS;
}

static int
make_key(const char *path)
{
#ifdef HAVE_SODIUM
	if (!knock1_start() && !serverkey_generate(path)) {
		printf("%s: made; name it with Knock_Key in [options]\n", path);
		return EXIT_SUCCESS;
	}
	fprintf(stderr, "%s: %s\n", path, strerror(errno));
#else
	fprintf(stderr, "%s: this knockd was built without libsodium, which signed knocks need\n", path);
#endif
	return EXIT_FAILURE;
}

static int
make_share_key(const char *path)
{
#ifdef HAVE_HIREDIS
	if (!seal_generate(path)) {
		printf("%s: made; copy it to each gateway, and name it with Share_Key in [options]\n", path);
		return EXIT_SUCCESS;
	}
	fprintf(stderr, "%s: %s\n", path, strerror(errno));
#else
	fprintf(stderr, "%s: %s\n", path, share_conf_missing());
#endif
	return EXIT_FAILURE;
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
	case MODE_KEYGEN:
		return make_key(options.key_file);
	case MODE_SHARE_KEYGEN:
		return make_share_key(options.key_file);
	case MODE_RUN:
		break;
	}
	return daemon_run(&options);
}
