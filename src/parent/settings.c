/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"

/* conf_report. Warnings are for the admin who edits the file: on stderr, once detached in the log. */
static void
report(void *arg, enum conf_severity severity, const char *text)
{
	struct daemon *d = arg;

	switch (severity) {
	case CONF_ERROR:
		log_warnx(&d->log, "%s", text);
		break;
	case CONF_WARNING:
		if (d->log.detached)
			log_warnx(&d->log, "%s", text);
		else
			log_stderr(&d->log, "%s", text);
		break;
	case CONF_DEBUG:
		log_debug(&d->log, "%s", text);
		break;
	}
}

static int
find_user(struct daemon *d, const char *name, struct priv_user *user)
{
	if (!priv_lookup(user, name))
		return 0;
	if (errno)
		log_warn(&d->log, "could not look up the engine's user \"%s\"", name);
	else
		log_warnx(
		    &d->log,
		    "there is no user \"%s\" for the engine: create it (useradd --system --shell /usr/sbin/nologin %s) "
		    "or name another, by name or number, with User in %s",
		    name, name, d->config);
	return -1;
}

struct conf *
settings_read(struct daemon *d, struct priv_user *user)
{
	struct conf *conf = files_read_conf(d, report, d);
	char err[256];

	if (!conf)
		return NULL;
	if (options_apply(d->options, conf, err, sizeof(err))) {
		log_warnx(&d->log, "%s", err);
	} else if (!find_user(d, conf->user, user)) {
		return conf;
	}
	conf_free(conf);
	return NULL;
}

void
settings_open_logs(struct daemon *d)
{
	char *path = files_log_path(d);

	if (d->conf->use_syslog && !d->log.to_syslog)
		log_open_syslog(&d->log, d->conf->syslog_facility);
	if (!path)
		log_close_file(&d->log);
	else if (files_open_log(d, path))
		log_warn(&d->log, "warning: cannot open logfile: %s", path);
	free(path);
}

void
settings_reopen_logs(struct daemon *d)
{
	char *path = files_log_path(d);

	log_notice(&d->log, "re-opening log file: %s", path ? path : "");
	free(path);
	settings_open_logs(d);
}

const char *
settings_interfaces(const struct conf *conf)
{
	return conf->interface_text ? conf->interface_text : "any";
}

void
settings_log_disabled(const struct daemon *d)
{
	for (size_t i = 0; i < d->conf->n_doors; i++)
		if (!d->conf->doors[i].seq.n)
			log_notice(
			    &d->log,
			    "no more sequences left in the one time sequences file for door %s --> disabling the door",
			    d->conf->doors[i].name);
}
