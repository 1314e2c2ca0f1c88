/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parent/bootguard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "conf/conffile.h"
#include "files.h"
#include "lastguard.h"
#include "lib/text.h"
#include "process/notify.h"
#include "state.h"
#include "table/ruleset.h"
#include "upkeep.h"

/* ---- into the kernel --------------------------------------------------------------------------- */

/* The guard needs nothing of these, and an old kernel may refuse what they need. */
static void
leave_only_guard(struct conf *conf)
{
	for (size_t i = 0; i < conf->n_doors; i++)
		conf->doors[i].seq.n = 0;
	conf->capture = CONF_CAPTURE_NFLOG;
	conf->source_rate = 0;
}

/* ruleset_remove() takes the chain that stands for a running daemon. 0, or -1 after a log line. */
static int
install(struct ruleset *ruleset, const struct conf *conf, const struct log *log)
{
	char err[512];

	if (ruleset_install(ruleset, conf, err, sizeof(err))) {
		log_warnx(log, "could not install the guard in table inet " RULESET_TABLE ": %s", err);
		return -1;
	}
	if (!ruleset_remove(ruleset))
		return 0;
	log_warn(log, "could not complete table inet " RULESET_TABLE);
	return -1;
}

/* An owned table is left without an owner, for the daemon. 0, or -1 after a log line. */
static int
shut(struct conf *conf, const struct log *log)
{
	struct ruleset ruleset = { .nfnl = nfnl_open() };
	int failed = -1;

	leave_only_guard(conf);
	if (ruleset.nfnl)
		failed = install(&ruleset, conf, log);
	else
		log_warn(log, "could not install the guard in table inet " RULESET_TABLE);
	nfnl_close(ruleset.nfnl);
	return failed;
}

static bool
is_wanted(const struct conf *conf)
{
	return conf->rules == CONF_RULES_AUTO && conf_has_guard(conf) && !upkeep_other_runs();
}

/* `guard`: whose it is. */
static void
tell_shut(const struct conf *conf, const char *guard, const struct log *log)
{
	char text[LOG_TEXT_MAX], ports[SEQ_STRLEN], target[ADDR_STRLEN];
	struct pen pen = text_pen(text, sizeof(text));
	const char *between = "";

	for (size_t i = 0; i < conf->n_doors; i++) {
		const struct door *door = &conf->doors[i];

		if (!door->open.n)
			continue;
		text_write(&pen, between, seq_format(&door->open, ports, sizeof(ports)), NULL);
		if (door->target.family)
			text_write(&pen, " at ", addr_format(&door->target, target), NULL);
		between = "; ";
	}
	log_warnx(log, "%s keeps these ports shut: %s", guard, text);
}

/* ---- the last good configuration ---------------------------------------------------------------- */

/*
 * The State_Dir of a configuration that has an error somewhere, or the default. The file need not be trusted for that:
 * what it names is.
 */
static char *
find_state_dir(const char *config)
{
	int fd = open(config, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	FILE *in = fd < 0 ? NULL : fdopen(fd, "r");
	char text[TEXT_LINE_MAX], *dir = strdup(CONF_STATE_DIR_DEFAULT);

	while (in && fgets(text, sizeof(text), in)) {
		struct line line = text_split(text);

		if (line.kind != LINE_PAIR || strcasecmp(line.key, "State_Dir") || *line.value != '/')
			continue;
		free(dir);
		dir = strdup(line.value);
	}
	if (in)
		fclose(in);
	else if (fd >= 0)
		close(fd);
	return dir;
}

/* NULL with the reason in `err`, "" if there is none. */
static struct conf *
read_from(const char *dir, const char *config, char *err, size_t errlen)
{
	char *path = dir ? lastguard_path(dir) : NULL;
	struct conf *conf = NULL;

	if (path)
		conf = lastguard_read(path, config, err, errlen);
	else
		snprintf(err, errlen, "%s", strerror(ENOMEM));
	free(path);
	return conf;
}

/* The edit that brought the error may have brought the State_Dir, too; before it was likely the default. */
static struct conf *
read_last(const char *config, char *err, size_t errlen)
{
	char *dir = find_state_dir(config);
	struct conf *conf = read_from(dir, config, err, errlen);

	if (!conf && dir && !*err && strcmp(dir, CONF_STATE_DIR_DEFAULT))
		conf = read_from(CONF_STATE_DIR_DEFAULT, config, err, errlen);
	free(dir);
	return conf;
}

/* A table that is not ours stays: the admin may have given up this guard since. 0, or -1 after a log line. */
static int
shut_as_last(struct conf *last, const struct log *log)
{
	if (!conf_has_guard(last))
		return 0;
	if (ruleset_is_foreign()) {
		log_warnx(log, "table inet " RULESET_TABLE " was not made by knockd: the guard of the last good "
			       "configuration is not installed");
		return -1;
	}
	if (shut(last, log))
		return -1;
	tell_shut(last, "the guard of the last good configuration", log);
	return 0;
}

/* 0: the ports are shut; or -1, after a log line, but `quiet` leaves out that there is no such guard. */
static int
fall_back(const char *config, bool quiet, const struct log *log)
{
	struct conf *last;
	char err[512];
	int failed = -1;

	if (ruleset_has_guard() || upkeep_other_runs())
		return 0;
	last = read_last(config, err, sizeof(err));
	if (last)
		failed = shut_as_last(last, log);
	else if (*err)
		log_warnx(log, "could not read the guard of the last good configuration: %s", err);
	else if (!quiet)
		log_warnx(log, "no guard of an earlier configuration is known: ports are open");
	conf_free(last);
	return failed;
}

void
bootguard_fall_back(const struct daemon *d)
{
	if (!d->config || notify_expected())
		return;
	if (!d->conf)
		fall_back(d->config, true, &d->log);
	else if (d->rules.ours ? conf_has_guard(d->conf) : is_wanted(d->conf) && !shut(d->conf, &d->log))
		tell_shut(d->conf, "the guard", &d->log);
}

/* ---- knockd --guard, --unguard ------------------------------------------------------------------ */

/* conf_report. The daemon reports warnings. */
static void
report(void *arg, enum conf_severity severity, const char *text)
{
	if (severity == CONF_ERROR)
		log_warnx(arg, "%s", text);
}

int
bootguard_install(const struct options *options)
{
	struct daemon d = { .options = options };
	struct conf *conf = NULL;
	bool failed = true;

	log_init(&d.log);
	d.home = getcwd(NULL, 0);
	d.config = files_path(&d, options->config);
	if (d.config)
		conf = conffile_read_but_interface(d.config, d.home, report, &d.log);
	if (conf)
		failed = is_wanted(conf) && shut(conf, &d.log);
	else if (d.config)
		failed = fall_back(d.config, false, &d.log);
	conf_free(conf);
	free(d.config);
	free(d.home);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int
open_ports(void)
{
	struct ruleset ruleset = { .nfnl = nfnl_open() };
	int failed = !ruleset.nfnl || ruleset_unguard(&ruleset) || ruleset_remove(&ruleset) ? -1 : 0, saved = errno;

	nfnl_close(ruleset.nfnl);
	errno = saved;
	return failed;
}

int
bootguard_remove(void)
{
	struct log log;

	log_init(&log);
	if (upkeep_other_runs())
		log_warnx(&log, "knockd runs: \"knockctl unguard\" removes its guard");
	else if (ruleset_is_foreign())
		log_warnx(&log, "table inet " RULESET_TABLE
				" was not made by knockd: \"nft delete table inet " RULESET_TABLE "\" removes it");
	else if (open_ports())
		log_warn(&log, "could not remove table inet " RULESET_TABLE);
	else
		return EXIT_SUCCESS;
	return EXIT_FAILURE;
}
