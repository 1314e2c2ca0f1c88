/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parent/daemon.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "access/remembered.h"
#include "access/setcheck.h"
#include "claims.h"
#include "config.h"
#include "courier/courier.h"
#include "files.h"
#include "gateways.h"
#include "intake.h"
#include "lastguard.h"
#include "lib/moment.h"
#include "lib/streams.h"
#include "lib/text.h"
#include "parent/bootguard.h"
#include "parent/interfaces.h"
#include "process/detach.h"
#include "process/notify.h"
#include "reload.h"
#include "root.h"
#include "sequences.h"
#include "settings.h"
#include "state.h"
#include "supervisor.h"
#include "table/ruleset.h"
#include "upkeep.h"
#include "users.h"
#include "watchdog.h"

/* About entries of a journal that are refused: so many lines, then one with the number of the others. */
#define REFUSED_LINES 10

/* Enough for all that can be open at once, some 50 with Share, TLS and all clients of knockctl. poll(2) wants SLOTS. */
#define DESCRIPTORS 64

enum {
	SLOT_SIGNALS,
	SLOT_ENGINE,
	SLOT_LOOKUP,
	SLOT_JOURNAL,
	SLOT_GRANTED,
	SLOT_MONITOR,
	SLOT_WATCH,
	SLOT_COURIER,
	SLOT_USERS,                            /* the first of USERS_FILES */
	SLOT_ADMIN = SLOT_USERS + USERS_FILES, /* the first of ADMIN_SLOTS */
	SLOTS = SLOT_ADMIN + ADMIN_SLOTS
};

/* ---- knockctl's requests ------------------------------------------------------------------------- */

static enum view_table
table_of(const struct daemon *d)
{
	if (!d->rules.ours)
		return VIEW_TABLE_NONE;
	if (d->rules.table.owned)
		return VIEW_TABLE_OWNED;
	return d->rules.table.cannot_own && conf_owns_table(d->conf) ? VIEW_TABLE_UNSUPPORTED : VIEW_TABLE_SHARED;
}

/* admin_daemon */
static void
look(void *arg, struct admin_view *view)
{
	const struct daemon *d = arg;

	*view = (struct admin_view){ .config = d->config,
				     .conf = d->conf,
				     .tools = &d->tools,
				     .engine_pid = d->engine.child.pid,
				     .keeper_pid = keeper_pid(d->keeper),
				     .table = table_of(d),
				     .counters = child_counters(&d->engine.child),
				     .engine_uid = d->user.uid,
				     .engine_restarts = d->engine.all_restarts,
				     .started_ms = (int64_t)d->born_at };
}

/* admin_daemon */
static bool
reload_for(void *arg)
{
	return reload_daemon(arg);
}

/* admin_daemon */
static bool
check_for(void *arg, conf_report *tell, void *to)
{
	struct daemon *d = arg;
	struct conf *conf = files_read_conf(d, tell, to);
	char err[256];
	bool good = conf && !options_apply(d->options, conf, err, sizeof(err));

	if (conf && !good)
		tell(to, CONF_ERROR, err);
	conf_free(conf);
	return good;
}

/* admin_daemon. Noted in the configuration, or upkeep_put_back() would restore the guard. */
static int
unguard_for(void *arg)
{
	struct daemon *d = arg;

	if (ruleset_unguard(&d->rules.table))
		return -1;
	d->conf->unguarded = true;
	return 0;
}

static void
open_admin(struct daemon *d)
{
	const struct admin_daemon self = {
		.arg = d, .look = look, .reload = reload_for, .check = check_for, .unguard = unguard_for
	};

	if (d->conf->control_socket)
		d->admin = admin_open(d->conf->control_socket, &d->log, &self);
}

/* ---- signals ----------------------------------------------------------------------------------- */

static void
reap(struct daemon *d)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == d->engine.child.pid)
			supervisor_bury(d, status);
		else if (keeper_reaped(d->keeper, pid))
			log_warnx(&d->log, "the process that stays root (knockd-keeper) has ended: restart knockd "
					   "before the next reload");
		else if (!gateways_reaped(d, pid, status))
			closings_reaped(d->closings, pid, status);
	}
}

static void
handle_signal(struct daemon *d, int signal)
{
	switch (signal) {
	case SIGTERM:
	case SIGINT:
		d->signal = signal;
		break;
	case SIGHUP:
		reload_daemon(d);
		break;
	case SIGCHLD:
		reap(d);
		break;
	}
}

static void
read_signals(struct daemon *d)
{
	struct signalfd_siginfo info;

	while (read(d->signal_fd, &info, sizeof(info)) == sizeof(info))
		handle_signal(d, (int)info.ssi_signo);
}

static int
open_signals(struct daemon *d)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -1;
	d->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return d->signal_fd < 0 ? -1 : 0;
}

/* ---- the loop ---------------------------------------------------------------------------------- */

/* poll(2) does not count suspended time, CLOCK_BOOTTIME does: check the deadlines at least this often. */
#define POLL_MAX_MSEC 60000

static int
poll_timeout(const struct daemon *d)
{
	uint64_t now = moment_boot_msec(), next = closings_next(d->closings);

	if (grants_next(d->grants) < next)
		next = grants_next(d->grants);
	if (cuts_next(d->cuts) < next)
		next = cuts_next(d->cuts);
	if (admin_next(d->admin) < next)
		next = admin_next(d->admin);
	if (gateways_next(d) < next)
		next = gateways_next(d);
	if (d->engine.restart_at < next)
		next = d->engine.restart_at;
	if (d->rules.retry_at < next)
		next = d->rules.retry_at;
	if (d->watchdog.next < next)
		next = d->watchdog.next;
	if (next == UINT64_MAX)
		return -1;
	if (next <= now)
		return 0;
	return next - now > POLL_MAX_MSEC ? POLL_MAX_MSEC : (int)(next - now);
}

/* Installs the ports of a one-time door's next sequence. Retried: without them the door cannot be opened. */
static void
follow_sequences(struct daemon *d)
{
	if (d->rules.moved_on && !sequences_follow(d) && upkeep_install(d, d->conf))
		upkeep_retry_later(d);
	d->rules.moved_on = false;
}

static void
loop(struct daemon *d)
{
	while (!d->signal) {
		struct pollfd fds[SLOTS] = {
			[SLOT_SIGNALS] = { .fd = d->signal_fd, .events = POLLIN },
			[SLOT_ENGINE] = { .fd = d->engine.child.ipc_fd, .events = POLLIN },
			[SLOT_LOOKUP] = { .fd = lookup_fd(d->lookup), .events = POLLIN },
			[SLOT_JOURNAL] = { .fd = journal_fd(d->journals.commands), .events = POLLIN },
			[SLOT_GRANTED] = { .fd = journal_fd(d->journals.grants), .events = POLLIN },
			[SLOT_MONITOR] = { .fd = monitor_fd(d->monitor), .events = POLLIN },
			[SLOT_WATCH] = { .fd = d->watch_fd, .events = POLLIN },
			[SLOT_COURIER] = { .fd = d->link.fd, .events = POLLIN },
		};

		for (int i = 0; i < USERS_FILES; i++)
			fds[SLOT_USERS + i] = (struct pollfd){ .fd = d->users[i].fd, .events = POLLIN };
		admin_poll(d->admin, fds + SLOT_ADMIN);
		if (poll(fds, SLOTS, poll_timeout(d)) < 0 && errno != EINTR) {
			log_warn(&d->log, "could not wait for events");
			return;
		}
		/* the users' files first: a key that was removed opens nothing any more */
		for (int i = 0; i < USERS_FILES; i++)
			if (fds[SLOT_USERS + i].revents)
				users_read_watch(d, i);
		/* ruleset events before knocks: an older one must not undo the grant of a knock in this round */
		if (fds[SLOT_MONITOR].revents)
			upkeep_read_monitor(d);
		if (fds[SLOT_ENGINE].revents)
			supervisor_read(d);
		if (fds[SLOT_COURIER].revents)
			gateways_read(d);
		if (fds[SLOT_LOOKUP].revents)
			lookup_read(d->lookup);
		if (fds[SLOT_JOURNAL].revents)
			journal_report(d->journals.commands);
		if (fds[SLOT_GRANTED].revents)
			journal_report(d->journals.grants);
		upkeep_heed(d);
		if (fds[SLOT_SIGNALS].revents)
			read_signals(d);
		if (fds[SLOT_WATCH].revents && d->watch_fd >= 0)
			sequences_read_watch(d);
		upkeep_heed(d);
		admin_work(d->admin, fds + SLOT_ADMIN);
		follow_sequences(d);
		watchdog_tick(d);
		if (d->engine.ahead)
			supervisor_renew(d);
		if (d->engine.restart_at <= moment_boot_msec())
			supervisor_restart(d);
		if (d->rules.retry_at <= moment_boot_msec())
			upkeep_put_back(d);
		closings_tick(d->closings, moment_boot_msec());
		grants_tick(d->grants, d->conf, moment_boot_msec());
		grants_restore(d->grants, d->conf);
		cuts_tick(d->cuts, d->conf, moment_boot_msec());
		gateways_tick(d);
	}
}

/* ---- start and end ----------------------------------------------------------------------------- */

/* Said at the start: later each part that lacks a descriptor would fail on its own. */
static int
check_limit(const struct daemon *d)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= DESCRIPTORS)
		return 0;
	log_warnx(&d->log,
		  "could not start: the limit of open files is %llu, knockd needs %d (ulimit -n, LimitNOFILE=)",
		  (unsigned long long)limit.rlim_cur, DESCRIPTORS);
	return -1;
}

static int
open_tools(struct daemon *d)
{
	d->rules.table.nfnl = d->nfnl = nfnl_open();
	d->nftset = d->nfnl ? nftset_new(d->nfnl) : NULL;
	d->closings = closings_new(&d->log, d->conf->max_commands);
	d->grants = d->nftset ? grants_new(&d->log, d->nftset) : NULL;
	d->monitor = d->nftset ? monitor_open(nfnl_port(d->nfnl)) : NULL;
	d->lookup = d->options->lookup ? lookup_start(&d->user, &d->log) : NULL;
	d->bans = bans_new(&(struct bans_sources){ .nftset = d->nftset, .grants = d->grants, .closings = d->closings });
	d->codes = codes_new(&d->log);
	d->judge = d->codes ? judge_new(&d->log, d->codes) : NULL;
#ifdef HAVE_SODIUM
	if (!d->judge) {
		log_warn(&d->log, "could not start");
		return -1;
	}
#endif
	d->cuts = d->nftset ? cuts_new(&d->log, d->nftset) : NULL;
	if (!d->codes || !d->bans || !d->cuts || !d->grants || !d->monitor || !d->closings ||
	    (d->options->lookup && !d->lookup)) {
		log_warn(&d->log, "could not start");
		return -1;
	}
	d->tools = (struct access_tools){ .log = &d->log,
					  .nftset = d->nftset,
					  .grants = d->grants,
					  .closings = d->closings,
					  .lookup = d->lookup,
					  .refusals = &d->refusals,
					  .bans = d->bans,
					  .judge = d->judge,
					  .codes = d->codes,
					  .cuts = d->cuts };
	grants_tell(d->grants, gateways_ended, d);
	return gateways_open(d);
}

static void
create_pidfile(struct daemon *d)
{
	const char *wanted = d->conf->pid_file ? d->conf->pid_file : d->options->pid_file;
	char *path = files_path(d, wanted ? wanted : CONF_PIDFILE_DEFAULT);

	if (!path || pidfile_create(&d->pidfile, path))
		log_warn(&d->log, "could not create pid file %s", path ? path : "");
	free(path);
}

static void
warn(void *arg, const char *text)
{
	log_warnx(&((struct daemon *)arg)->log, "%s", text);
}

/* A door may stay open, so it is said aloud. */
static void
tell_refusal(struct daemon *d, const char *text)
{
	if (d->journals.refused++ < REFUSED_LINES)
		log_warnx(&d->log, "journal: %s", text);
}

/* False, for journal_found: the entry is not taken over. */
static bool
drop(struct daemon *d, const char *text)
{
	tell_refusal(d, text);
	d->journals.dropped = true;
	return false;
}

/* journal_found */
static bool
take_up_command(void *arg, const struct journal_entry *entry)
{
	struct daemon *d = arg;
	const struct door *door = entry->kind == JOURNAL_COMMAND ? remembered_door(d->conf, entry) : NULL;
	char text[LOG_TEXT_MAX];

	if (!door)
		return drop(d, remembered_refusal(entry, text, sizeof(text)));
	closings_take_up(d->closings, door->name, entry);
	return true;
}

/* journal_found. The daemon writes this journal without being root, and no command into it. */
static bool
take_up_grant(void *arg, const struct journal_entry *entry)
{
	struct daemon *d = arg;
	const struct door *door;
	char text[LOG_TEXT_MAX], name[DOOR_NAME_MAX];

	if (codes_is_entry(entry))
		return codes_take_up(d->codes, entry);
	if (entry->kind == JOURNAL_COUNTER)
		return judge_take_up(d->judge, entry);
	if (entry->kind != JOURNAL_GRANT) {
		snprintf(text, sizeof(text), "%s/journal: unexpected command entry, ignored", d->journals.grants_dir);
		return drop(d, text);
	}
	if (grants_count(d->grants) + closings_held(d->closings) >= d->conf->max_grants)
		return drop(d, "Max_Grants is reached: not all elements are put back");
	door = remembered_door(d->conf, entry);
	if (!door && !remembered_may_end(d->conf, entry))
		return drop(d, remembered_refusal(entry, text, sizeof(text)));
	/* the element has the comment of the door that gave it, which may have another name now */
	if (door && (!*entry->door || !strcmp(door->name, entry->door)))
		grants_take_up(d->grants, door->name, entry);
	else
		grants_take_up(d->grants, text_utf8(entry->door, true, name, sizeof(name)), entry);
	return true;
}

static struct journal *
open_granted(struct daemon *d)
{
	if (!d->journals.commands || asprintf(&d->journals.grants_dir, "%s/grants", d->conf->state_dir) < 0) {
		d->journals.grants_dir = NULL;
		return NULL;
	}
	/* a daemon that has left root makes it as the engine's user */
	return journal_prepare(d->journals.grants_dir, geteuid() ? geteuid() : d->user.uid, take_up_grant, warn, d);
}

/* Journals are optional: without them only the elements in the kernel survive the daemon. */
static void
open_journals(struct daemon *d)
{
	d->journals.commands = journal_prepare(d->conf->state_dir, geteuid(), take_up_command, warn, d);
	if (!d->journals.commands)
		log_warnx(&d->log, "without a journal, knockd runs all pending stop commands when it ends");
	closings_keep_in(d->closings, d->journals.commands);
	d->journals.grants = open_granted(d);
	grants_keep_in(d->grants, d->journals.grants);
	codes_keep_in(d->codes, d->journals.grants);
	judge_keep_in(d->judge, d->journals.grants);
	grants_follow(d->grants, d->conf);
	grants_restore(d->grants, d->conf);
	if (d->journals.refused > REFUSED_LINES)
		log_warnx(&d->log, "journal: %u more entries are refused", d->journals.refused - REFUSED_LINES);
	if (d->journals.dropped)
		log_warnx(&d->log, "journal: what it had is kept as journal.bad");
}

/* Start threads after dropping privileges, so that they inherit the reduced set. */
static int
start_journals(const struct daemon *d)
{
	return journal_start(d->journals.commands) || journal_start(d->journals.grants) ? -1 : 0;
}

/* log_listener. systemd shows the log of a start that has failed only until it waits for the next one. */
static void
tell_manager(void *arg, enum log_tone tone, const char *text)
{
	(void)arg;
	if (tone == LOG_TONE_WARNING)
		notify_status(text);
}

/* Every step that can fail, before the daemon detaches: the admin sees the error and the exit status. */
static int
start(struct daemon *d)
{
	if (check_limit(d))
		return -1;
	watchdog_start(d);
	interfaces_translate(d->conf, &d->log);
	d->capture_fd = intake_listen(d, d->conf);
	if (d->capture_fd < 0 || upkeep_find_other(d) || open_tools(d) || upkeep_install(d, d->conf) || open_signals(d))
		return -1;
	setcheck(d->tools.log, d->tools.nftset, d->conf);
	sequences_watch(d);
	users_read(d);
	interfaces_warn(d->conf, &d->log);
	upkeep_warn_of_leftovers(d);
	if (supervisor_start(d))
		return -1;
	open_journals(d);
	lastguard_keep(d);
	open_admin(d);
	gateways_start(d);
	if (d->options->daemon)
		create_pidfile(d);
	return root_leave(d) || start_journals(d) ? -1 : 0;
}

/* A service manager that waits for readiness follows the process it started: stay in the foreground despite -d. */
static bool
wants_detach(const struct daemon *d)
{
	return d->options->daemon && !notify_expected();
}

static int
run(struct daemon *d)
{
	int waiting = -1;

	if (wants_detach(d) && (waiting = detach_begin()) < 0) {
		log_warn(&d->log, "daemon");
		return EXIT_FAILURE;
	}
	if (start(d)) {
		bootguard_fall_back(d);
		return EXIT_FAILURE;
	}
	if (waiting >= 0) {
		d->log.detached = true;
		detach_finish(waiting);
	}
	log_verbose(&d->log, "listening on %s...", settings_interfaces(d->conf));
	log_notice(&d->log, "starting up, listening on %s", settings_interfaces(d->conf));
	settings_log_disabled(d);
	if (d->log.listener == tell_manager)
		d->log.listener = NULL;
	notify_ready();
	loop(d);
	notify_stopping();
	log_notice(&d->log, "shutting down");
	return d->signal ? d->signal : EXIT_FAILURE;
}

static void
log_counters(const struct daemon *d)
{
	const struct counters *c = d->engine.child.counters;

	if (c)
		log_debug(
		    &d->log,
		    "counters: packets %llu, lost %llu, bad messages %llu, cut %llu, malformed %llu, fragments %llu, "
		    "other %llu, evicted %llu, scans %llu, signed %llu, signed repeated %llu, signed limited %llu, "
		    "signed garbage %llu, suppressed %llu",
		    (unsigned long long)c->packets, (unsigned long long)c->lost, (unsigned long long)c->bad_messages,
		    (unsigned long long)c->cut, (unsigned long long)c->malformed, (unsigned long long)c->fragments,
		    (unsigned long long)c->other, (unsigned long long)c->evicted, (unsigned long long)c->scans,
		    (unsigned long long)c->auth_opened, (unsigned long long)c->auth_repeated,
		    (unsigned long long)c->auth_limited, (unsigned long long)c->auth_garbage,
		    (unsigned long long)c->suppressed);
}

/* The reverse of start(): the rules, then the engine. Elements stay: the kernel expires them. */
static void
stop(struct daemon *d)
{
	if (d->rules.ours && ruleset_remove(&d->rules.table))
		log_warn(&d->log, "could not remove table inet " RULESET_TABLE);
	log_counters(d);
	child_stop(&d->engine.child, supervisor_take, d);
	claims_finish(d);
	intake_close(d);
	if (d->keeper)
		keeper_remove(d->keeper);
	pidfile_remove(&d->pidfile);
	admin_close(d->admin);
	lookup_stop(d->lookup);
	bans_free(d->bans);
	gateways_close(d);
	judge_free(d->judge);
	codes_free(d->codes);
	users_close(d);
	cuts_free(d->cuts);
	closings_free(d->closings);
	grants_free(d->grants);
	journal_close(d->journals.commands);
	journal_close(d->journals.grants);
	keeper_stop(d->keeper);
	monitor_close(d->monitor);
	nftset_free(d->nftset);
	nfnl_close(d->nfnl);
	if (d->signal_fd >= 0)
		close(d->signal_fd);
	if (d->watch_fd >= 0)
		close(d->watch_fd);
	conf_free(d->conf);
	log_close(&d->log);
	free(d->engine.openings);
	free(d->claims);
	free(d->journals.grants_dir);
	free(d->config);
	free(d->config_file);
	free(d->home);
}

int
daemon_run(const struct options *options)
{
	struct daemon d = { .options = options,
			    .capture_fd = -1,
			    .signal_fd = -1,
			    .watch_fd = -1,
			    .users = { { .fd = -1 }, { .fd = -1 } },
			    .link = { .fd = -1, .said = -1, .program = -1, .start_at = UINT64_MAX },
			    .rules = { .retry_at = UINT64_MAX },
			    .engine = { .restart_at = UINT64_MAX, .child = { .ipc_fd = -1 } },
			    .pidfile = { .fd = -1 },
			    .root = DAEMON_ROOT_ALL };
	int status = notify_config_status();

	priv_hide(); /* memory holds the sequences */
	streams_fill();
	priv_close_from(STDERR_FILENO + 1); /* commands must not inherit descriptors of knockd's caller */
	d.link.program = courier_open();
	d.born_at = moment_boot_msec();
	log_init(&d.log);
	d.log.listener = tell_manager; /* the control socket takes its place */
	d.log.verbose = options->verbose;
	d.log.debug = options->debug;
	d.home = getcwd(NULL, 0);
	d.config = files_path(&d, options->config);
	d.config_file = d.config ? files_real_path(d.config) : NULL;
	d.conf = d.config_file ? settings_read(&d, &d.user) : NULL;
	if (d.conf) {
		settings_open_logs(&d);
		status = run(&d);
	} else {
		bootguard_fall_back(&d);
	}
	stop(&d);
	return status;
}
