/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Another configuration takes the place of the one in force, or none of it does. */
#include "daemon_state.h"

#include <unistd.h>

#include "process/notify.h"

static void
use_conf(struct daemon *d, struct conf *conf, const struct priv_user *user, int capture_fd)
{
	if (capture_fd != d->capture_fd)
		daemon_close_capture(d);
	conf_free(d->conf);
	d->conf = conf;
	d->user = *user;
	d->capture_fd = capture_fd;
	d->moved_on = false;
}

static struct conf *
read_permitted(struct daemon *d, struct priv_user *user)
{
	struct conf *conf = daemon_read_conf(d, user);

	if (!conf || !daemon_check_root(d, conf, user))
		return conf;
	conf_free(conf);
	return NULL;
}

/*
 * The old engine finishes first. If what it still had to say used up a one-time sequence, the file has
 * changed since `conf` was read: that sequence must not come to life again.
 */
static struct conf *
stop_engine(struct daemon *d, struct conf *conf, struct priv_user *user)
{
	if (!child_stop(&d->engine, daemon_take_events, d))
		daemon_give_up_packets(d);
	if (!d->moved_on)
		return conf;
	conf_free(conf);
	return read_permitted(d, user);
}

/* Takes over `conf`, or frees it: 0 when it is in force, -1 when the old one still is. Packets wait meanwhile. */
static int
adopt(struct daemon *d, struct conf *conf, struct priv_user *user)
{
	int fd = daemon_same_capture(conf, d->conf) ? d->capture_fd : daemon_listen(d, conf);
	int failed = -1;

	if (fd >= 0)
		conf = stop_engine(d, conf, user);
	if (fd >= 0 && conf && !daemon_install_rules(d, conf)) {
		use_conf(d, conf, user, fd);
		failed = 0;
	} else {
		if (fd >= 0 && fd != d->capture_fd)
			close(fd);
		conf_free(conf);
	}
	if (!d->engine.pid)
		daemon_start_engine(d);
	return failed;
}

/* True when the new configuration is in force. */
bool
daemon_reload(struct daemon *d)
{
	struct priv_user user;
	struct conf *conf;
	bool done;

	notify_reloading();
	log_notice(&d->log, "re-reading config file: %s", d->config);
	conf = read_permitted(d, &user);
	done = conf && !adopt(d, conf, &user);
	if (!done) {
		log_warnx(&d->log, "reload failed: the configuration in use stays in force");
	} else {
		access_check(&d->tools, d->conf);
		daemon_warn_of_interfaces(d);
		daemon_log_disabled(d);
	}
	daemon_reopen_logs(d);
	notify_ready();
	return done;
}
