/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reload.h"

#include <string.h>
#include <unistd.h>

#include "access/setcheck.h"
#include "claims.h"
#include "gateways.h"
#include "intake.h"
#include "lastguard.h"
#include "parent/interfaces.h"
#include "process/notify.h"
#include "root.h"
#include "sequences.h"
#include "settings.h"
#include "supervisor.h"
#include "upkeep.h"
#include "users.h"

static bool
differ(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) != 0 : a != b;
}

/* Keys that count at the start alone. */
static void
tell_later(const struct daemon *d, const struct conf *conf)
{
	const struct conf *old = d->conf;
	const struct {
		const char *name;
		bool changed;
	} keys[] = {
		{ "State_Dir", differ(old->state_dir, conf->state_dir) },
		{ "Control_Socket", differ(old->control_socket, conf->control_socket) },
		{ "PidFile", d->options->daemon && differ(old->pid_file, conf->pid_file) },
		{ "Max_Commands", old->max_commands != conf->max_commands },
		{ "UseSyslog", old->use_syslog && !conf->use_syslog },
		{ "Syslog_Facility",
		  old->use_syslog && conf->use_syslog && old->syslog_facility != conf->syslog_facility },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].changed)
			log_warnx(&d->log, "%s: this change needs a restart of knockd", keys[i].name);
}

static void
use_conf(struct daemon *d, struct conf *conf, const struct priv_user *user, int capture_fd)
{
	if (capture_fd != d->capture_fd)
		intake_close(d);
	gateways_compare(d, conf);
	tell_later(d, conf);
	conf_free(d->conf);
	d->conf = conf;
	d->user = *user;
	d->capture_fd = capture_fd;
	d->rules.moved_on = false;
}

static struct conf *
read_permitted(struct daemon *d, struct priv_user *user)
{
	struct conf *conf = settings_read(d, user);

	if (conf && root_check(d, conf, user)) {
		conf_free(conf);
		conf = NULL;
	}
	if (conf)
		interfaces_translate(conf, &d->log);
	return conf;
}

/*
 * Lets the old engine finish. If its last events used up a one-time sequence, `conf` still holds that sequence: read
 * the file again, or it would be valid once more.
 */
static struct conf *
stop_engine(struct daemon *d, struct conf *conf, struct priv_user *user)
{
	if (!child_stop(&d->engine.child, supervisor_take, d))
		intake_give_up(d);
	claims_finish(d);
	if (!d->rules.moved_on)
		return conf;
	conf_free(conf);
	return read_permitted(d, user);
}

/* Puts `conf` in force: 0; or frees it and keeps the old one: -1. Packets wait in the socket meanwhile. */
static int
adopt(struct daemon *d, struct conf *conf, struct priv_user *user)
{
	int fd = intake_same(conf, d->conf) ? d->capture_fd : intake_listen(d, conf);
	int failed = -1;

	if (fd >= 0)
		conf = stop_engine(d, conf, user);
	if (fd >= 0 && conf && !upkeep_install(d, conf)) {
		use_conf(d, conf, user, fd);
		failed = 0;
	} else {
		if (fd >= 0 && fd != d->capture_fd)
			close(fd);
		conf_free(conf);
	}
	if (!d->engine.child.pid)
		supervisor_start(d);
	return failed;
}

bool
reload_daemon(struct daemon *d)
{
	struct priv_user user;
	struct conf *conf;
	bool done;

	notify_reloading();
	log_notice(&d->log, "re-reading config file: %s", d->config);
	claims_finish(d);
	conf = read_permitted(d, &user);
	done = conf && !adopt(d, conf, &user);
	if (!done) {
		log_warnx(&d->log, "reload failed: the configuration in use stays in force");
	} else {
		lastguard_keep(d);
		grants_follow(d->grants, d->conf);
		setcheck(d->tools.log, d->tools.nftset, d->conf);
		sequences_watch(d);
		users_read(d);
		gateways_follow(d);
		interfaces_warn(d->conf, &d->log);
		settings_log_disabled(d);
	}
	settings_reopen_logs(d);
	notify_ready();
	return done;
}
