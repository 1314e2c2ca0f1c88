/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "lastguard.h"

#define BIT(cap) (UINT64_C(1) << (cap))

/* nftables rules and sets. */
#define NETWORK BIT(CAP_NET_ADMIN)

/* ENGINE: start an engine with its own user and root directory, and kill it. FILES: one-time files of any owner. */
#define ENGINE (BIT(CAP_SETUID) | BIT(CAP_SETGID) | BIT(CAP_SETPCAP) | BIT(CAP_SYS_CHROOT) | BIT(CAP_KILL))
#define FILES  (BIT(CAP_DAC_OVERRIDE) | BIT(CAP_CHOWN) | BIT(CAP_FOWNER))

static bool
has_command(const struct door *door)
{
	for (size_t family = 0; family < CONF_FAMILIES; family++)
		if (door->start_command[family] || door->stop_command[family])
			return true;
	return false;
}

/* The privileges that this configuration needs; above DAEMON_ROOT_NONE `why` holds the reason. */
static enum daemon_root
needed(const struct conf *conf, const struct priv_user *user, char *why, size_t len)
{
	enum daemon_root root = user->uid ? DAEMON_ROOT_NONE : DAEMON_ROOT_FILES;

	if (!user->uid)
		snprintf(why, len, "User is root");
	for (size_t i = 0; i < conf->n_doors; i++) {
		const struct door *door = &conf->doors[i];

		if (has_command(door)) {
			snprintf(why, len, "[%s] has a command", door->name);
			return DAEMON_ROOT_ALL;
		}
		if (door->one_time_path && root == DAEMON_ROOT_NONE) {
			snprintf(why, len, "[%s] has one-time sequences, which are marked in their file", door->name);
			root = DAEMON_ROOT_FILES;
		}
	}
	return root;
}

/* Once root is dropped only the keeper may open these files. */
static int
start_keeper(struct daemon *d)
{
	char *log = files_log_path(d), *guard = lastguard_path(d->conf->state_dir);

	if (guard)
		d->keeper = keeper_start(&(struct keeper_files){
		    .config = d->config,
		    .guard = guard,
		    .log = log,
		    .pid_file = d->pidfile.path,
		    .control_socket = d->conf->control_socket,
		    .others = { d->conf->knock_key, d->conf->authorized_keys, d->conf->totp_secrets,
				d->conf->share.key_path, d->conf->share.login_path, d->conf->share.tls_path[SHARE_CA],
				d->conf->share.tls_path[SHARE_CERT], d->conf->share.tls_path[SHARE_CERT_KEY] } });
	free(log);
	free(guard);
	return d->keeper ? 0 : -1;
}

/* The daemon rewrites the grants journal in `dir` as `user`. The commands' journal above it stays root's. */
static int
give_away(const char *dir, const struct priv_user *user)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), failed;
	struct stat st;

	if (fd < 0)
		return -1;
	failed = fstat(fd, &st);
	/* it needs no privilege if tmpfiles.d has made the directory */
	if (!failed && (st.st_uid != user->uid || st.st_gid != user->gid))
		failed = fchown(fd, user->uid, user->gid);
	close(fd);
	return failed;
}

/* This configuration has no commands, and none is pending. */
static void
close_commands_journal(struct daemon *d)
{
	closings_keep_in(d->closings, NULL);
	journal_close(d->journals.commands);
	d->journals.commands = NULL;
}

static int
become(struct daemon *d, const struct priv_user *user, uint64_t caps)
{
	const char *step;

	if (!priv_keep(user, caps, &step))
		return 0;
	log_warn(&d->log, "could not drop root: %s", step);
	return -1;
}

static int
leave_for_good(struct daemon *d)
{
	if (d->journals.grants && give_away(d->journals.grants_dir, &d->user))
		log_warn(&d->log, "could not give %s to user %s", d->journals.grants_dir, d->conf->user);
	if (start_keeper(d)) {
		log_warn(&d->log, "could not start the process that stays root");
		return -1;
	}
	return become(d, &d->user, NETWORK);
}

int
root_leave(struct daemon *d)
{
	const struct priv_user root = { 0, 0 };
	char why[256] = "";
	bool commanded;
	int failed = 0;

	d->root = needed(d->conf, &d->user, why, sizeof(why));
	commanded = d->root == DAEMON_ROOT_ALL; /* the usual case, not logged */
	if (geteuid())                          /* not root: nothing to drop */
		d->root = DAEMON_ROOT_ALL;
	switch (d->root) {
	case DAEMON_ROOT_ALL:
		break;
	case DAEMON_ROOT_FILES:
		close_commands_journal(d);
		failed = become(d, &root, NETWORK | ENGINE | FILES);
		break;
	case DAEMON_ROOT_NONE:
		close_commands_journal(d);
		failed = leave_for_good(d);
		break;
	}
	if (!failed && *why && !commanded)
		log_verbose(&d->log, "the daemon remains root: %s", why);
	return failed;
}

int
root_check(const struct daemon *d, const struct conf *conf, const struct priv_user *user)
{
	char why[256] = "";

	if (needed(conf, user, why, sizeof(why)) > d->root)
		log_warnx(&d->log, "%s: needs privileges dropped at start; restart knockd", why);
	else if (d->root == DAEMON_ROOT_NONE && user->uid != d->user.uid)
		log_warnx(&d->log, "User %s: needs privileges dropped at start; restart knockd", conf->user);
	else
		return 0;
	return -1;
}
