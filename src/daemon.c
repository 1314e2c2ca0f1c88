/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon.h"

#include <errno.h>
#include <limits.h>
#include <linux/netfilter.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "access.h"
#include "admin.h"
#include "child.h"
#include "closing.h"
#include "conffile.h"
#include "detach.h"
#include "grants.h"
#include "journal.h"
#include "log.h"
#include "logtext.h"
#include "lookup.h"
#include "monitor.h"
#include "nflog.h"
#include "nftset.h"
#include "notify.h"
#include "pidfile.h"
#include "priv.h"
#include "ruleset.h"

/* An engine that dies is replaced at once, but not more often than this: so many, then one per pause. */
#define RESTART_BURST	   5
#define RESTART_PAUSE_MSEC 1000
#define RESTART_CALM_MSEC  60000

enum {
	SLOT_SIGNALS,
	SLOT_ENGINE,
	SLOT_LOOKUP,
	SLOT_JOURNAL,
	SLOT_MONITOR,
	SLOT_ADMIN, /* and those that follow */
	SLOTS = SLOT_ADMIN + ADMIN_SLOTS
};

struct daemon {
	const struct options *options;
	char		     *config; /* absolute: the working directory changes */
	struct log	      log;
	struct conf	     *conf;
	struct priv_user      user;
	int		      nflog_fd;
	bool		      rules_changed; /* by whomever: to be looked at */
	bool		      ruled; /* table inet knockd is ours to remove */
	struct nftset	     *nftset;
	struct monitor	     *monitor;
	struct journal	     *journal;
	struct grants	     *grants;
	struct closings	     *closings;
	struct lookup	     *lookup;
	struct access_tools   tools;
	struct admin	     *admin;
	bool		      moved_on; /* a one-time sequence was used: the rules must follow */
	struct child	      engine;
	unsigned	      restarts;	  /* in a row */
	uint64_t	      all_restarts;
	uint64_t	      born_at; /* ms: our own start */
	uint64_t	      started_at; /* ms: the engine's last start */
	uint64_t	      restart_at; /* ms: when the next may be tried; UINT64_MAX: none is due */
	struct pidfile	      pidfile;
	int		      signal_fd;
	int		      signal; /* that ends us; 0: go on */
};

static uint64_t
boot_msec(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* ---- the configuration ------------------------------------------------------------------------- */

static char *
absolute_path(const char *path)
{
	char here[PATH_MAX], *whole;
	size_t len;

	if (*path == '/' || !getcwd(here, sizeof(here)))
		return strdup(path);
	len = strlen(here) + strlen(path) + 2;
	whole = malloc(len);
	if (whole)
		snprintf(whole, len, "%s/%s", here, path);
	return whole;
}

/* conf_report. Warnings are for the person who edits the file; the log has them when nobody sees our streams. */
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
		log_warnx(&d->log,
			  "there is no user \"%s\" for the engine: create it (useradd --system --shell /usr/sbin/nologin %s) "
			  "or name another with User in %s",
			  name, name, d->config);
	return -1;
}

/* Reads the file, applies the command line, finds the user. NULL after a line on what is wrong. */
static struct conf *
read_conf(struct daemon *d, struct priv_user *user)
{
	struct conf *conf = conffile_read(d->config, report, d);
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

/* The configuration's log file, or else the command line's, as knockd has it. */
static char *
log_path(const struct daemon *d)
{
	const char *wanted = d->conf->log_file ? d->conf->log_file : d->options->log_file;

	return wanted ? absolute_path(wanted) : NULL;
}

static void
open_logs(struct daemon *d)
{
	char *path = log_path(d);

	if (d->conf->use_syslog && !d->log.to_syslog)
		log_open_syslog(&d->log, d->conf->syslog_facility);
	if (!path)
		log_close_file(&d->log);
	else if (log_open_file(&d->log, path))
		log_warn(&d->log, "warning: cannot open logfile: %s", path);
	free(path);
}

/* For who has moved the file away, or changed its name in the configuration. */
static void
reopen_logs(struct daemon *d)
{
	char *path = log_path(d);

	log_notice(&d->log, "re-opening log file: %s", path ? path : "");
	free(path);
	open_logs(d);
}

static const char *
interface_text(const struct conf *conf)
{
	return conf->interface_text ? conf->interface_text : "any";
}

static void
log_disabled(const struct daemon *d)
{
	for (size_t i = 0; i < d->conf->n_doors; i++)
		if (!d->conf->doors[i].seq.n)
			log_notice(&d->log,
				   "no more sequences left in the one time sequences file for door %s --> disabling the door",
				   d->conf->doors[i].name);
}

/* A name that is not there now may come: ppp, wireguard and the like do. */
static void
warn_of_interfaces(const struct daemon *d)
{
	for (size_t i = 0; i < d->conf->n_interfaces; i++) {
		const char *name = d->conf->interfaces[i];

		if (!strchr(name, '*') && !if_nametoindex(name))
			log_warnx(&d->log, "warning: there is no interface %s now", name);
	}
}

/* ---- the kernel -------------------------------------------------------------------------------- */

static int
listen_on(struct daemon *d, uint16_t group)
{
	char err[256];
	int fd = nflog_listen(group, err, sizeof(err));

	if (fd < 0)
		log_warnx(&d->log, "could not listen on NFLOG group %u: %s", group, err);
	return fd;
}

/* The first one's table would be replaced by ours, and whoever ends first would take it away from the other. */
static int
find_other(struct daemon *d)
{
	uint16_t group;

	if (d->conf->rules != CONF_RULES_AUTO || !ruleset_logs_to(&group) || group == d->conf->nflog_group ||
	    !nflog_holder(group))
		return 0;
	log_warnx(&d->log, "another knockd (NFLOG group %u) keeps table inet " RULESET_TABLE " in this network namespace",
		  group);
	return -1;
}

static int
install_rules(struct daemon *d, const struct conf *conf)
{
	char err[512];

	switch (conf->rules) {
	case CONF_RULES_AUTO:
		if (ruleset_install(conf, err, sizeof(err))) {
			log_warnx(&d->log, "could not install table inet " RULESET_TABLE ": %s", err);
			return -1;
		}
		d->ruled = true;
		break;
	case CONF_RULES_NONE:
		if (d->ruled && (ruleset_unguard() || ruleset_remove()))
			log_warn(&d->log, "could not remove table inet " RULESET_TABLE);
		d->ruled = false;
		break;
	}
	return 0;
}

/* monitor_take */
static void
take_change(void *arg, const struct monitor_event *event)
{
	struct daemon *d = arg;

	if (event->kind == MONITOR_LOST ||
	    (event->kind != MONITOR_ELEMENT_GONE && event->family == NFPROTO_INET && !strcmp(event->table, RULESET_TABLE)))
		d->rules_changed = true;
	grants_noticed(d->grants, event);
}

/* Our own changes are told, too, so what counts is what is there now. */
static void
put_rules_back(struct daemon *d)
{
	d->rules_changed = false;
	if (!d->ruled || ruleset_intact(d->conf))
		return;
	if (!install_rules(d, d->conf))
		log_notice(&d->log, "table inet " RULESET_TABLE " was changed by somebody and is put back");
}

static void
read_monitor(struct daemon *d)
{
	monitor_read(d->monitor, take_change, d);
	if (d->rules_changed)
		put_rules_back(d);
	grants_restore(d->grants);
}

/* ---- the engine -------------------------------------------------------------------------------- */

static int
start_engine(struct daemon *d)
{
	d->started_at = boot_msec();
	d->restart_at = UINT64_MAX;
	admin_engine_started(d->admin);
	return child_start(&d->engine, d->conf, &d->user, d->nflog_fd, &d->log);
}

/* It does not do what engines do: treated as an attack. */
static void
end_engine(struct daemon *d)
{
	log_warnx(&d->log, "the engine sent a message that makes no sense: it is ended");
	child_kill(&d->engine);
	d->restart_at = 0;
}

/* child_events, and what the loop does with a batch. */
static void
take_events(void *arg, const struct event *events, size_t n)
{
	struct daemon *d = arg;

	for (size_t i = 0; i < n; i++) {
		if (!event_valid(&events[i], d->conf->n_doors) || events[i].kind == EVENT_READY) {
			end_engine(d);
			return;
		}
	}
	admin_events(d->admin, d->conf, events, n);
	d->moved_on |= access_apply(&d->tools, d->conf, events, n);
}

static void
log_death(struct daemon *d, int status)
{
	if (WIFSIGNALED(status))
		log_warnx(&d->log, "the engine was ended by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		log_warnx(&d->log, "the engine ended with status %d", WEXITSTATUS(status));
	d->restart_at = 0;
}

static void
read_engine(struct daemon *d)
{
	struct event events[IPC_BATCH];
	int n = ipc_recv(d->engine.ipc_fd, events, IPC_BATCH);

	if (n > 0)
		take_events(d, events, (size_t)n);
	else if (n == 0)
		log_death(d, child_kill(&d->engine));
	else if (errno != EAGAIN)
		end_engine(d);
}

/* Reaped before its socket was read to the end: its last words first, what it had recognised counts. */
static void
bury_engine(struct daemon *d, int status)
{
	struct event events[IPC_BATCH];
	int n;

	while (d->engine.ipc_fd >= 0 && (n = ipc_recv(d->engine.ipc_fd, events, IPC_BATCH)) > 0)
		take_events(d, events, (size_t)n);
	child_forget(&d->engine);
	log_death(d, status);
}

static void
restart_engine(struct daemon *d)
{
	uint64_t now = boot_msec();

	if (now - d->started_at > RESTART_CALM_MSEC)
		d->restarts = 0;
	if (d->restarts >= RESTART_BURST && now < d->started_at + RESTART_PAUSE_MSEC) {
		d->restart_at = d->started_at + RESTART_PAUSE_MSEC;
		return;
	}
	d->restarts++;
	d->all_restarts++;
	if (start_engine(d))
		d->restart_at = now + RESTART_PAUSE_MSEC;
	else
		log_warnx(&d->log, "a new engine is running");
}

/* ---- reload ------------------------------------------------------------------------------------ */

static void
use_conf(struct daemon *d, struct conf *conf, const struct priv_user *user, int nflog_fd)
{
	if (nflog_fd != d->nflog_fd)
		close(d->nflog_fd);
	conf_free(d->conf);
	d->conf = conf;
	d->user = *user;
	d->nflog_fd = nflog_fd;
	d->moved_on = false;
}

/*
 * The old engine finishes first. If what it still had to say used up a one-time sequence, the file has
 * changed since `conf` was read: that sequence must not come to life again.
 */
static struct conf *
stop_engine(struct daemon *d, struct conf *conf, struct priv_user *user)
{
	child_stop(&d->engine, take_events, d);
	if (!d->moved_on)
		return conf;
	conf_free(conf);
	return read_conf(d, user);
}

/* Takes over `conf`, or frees it: 0 when it is in force, -1 when the old one still is. Packets wait meanwhile. */
static int
adopt(struct daemon *d, struct conf *conf, struct priv_user *user)
{
	int fd = conf->nflog_group == d->conf->nflog_group ? d->nflog_fd : listen_on(d, conf->nflog_group);
	int failed = -1;

	if (fd >= 0)
		conf = stop_engine(d, conf, user);
	if (fd >= 0 && conf && !install_rules(d, conf)) {
		use_conf(d, conf, user, fd);
		failed = 0;
	} else {
		if (fd >= 0 && fd != d->nflog_fd)
			close(fd);
		conf_free(conf);
	}
	if (!d->engine.pid && start_engine(d))
		d->restart_at = boot_msec() + RESTART_PAUSE_MSEC;
	return failed;
}

/* True when the new configuration is in force. */
static bool
reload(struct daemon *d)
{
	struct priv_user user;
	struct conf *conf;
	bool done;

	notify_reloading();
	log_notice(&d->log, "re-reading config file: %s", d->config);
	conf = read_conf(d, &user);
	done = conf && !adopt(d, conf, &user);
	if (!done) {
		log_warnx(&d->log, "reload failed: the configuration in use stays in force");
	} else {
		access_check(&d->tools, d->conf);
		warn_of_interfaces(d);
		log_disabled(d);
	}
	reopen_logs(d);
	notify_ready();
	return done;
}

/* ---- what knockctl sees and does ---------------------------------------------------------------- */

/* admin_daemon */
static void
look(void *arg, struct admin_view *view)
{
	const struct daemon *d = arg;

	*view = (struct admin_view){ .config = d->config, .conf = d->conf, .tools = &d->tools, .engine = &d->engine,
				     .engine_uid = d->user.uid, .engine_restarts = d->all_restarts,
				     .started_ms = (int64_t)d->born_at };
}

/* admin_daemon */
static bool
reload_for(void *arg)
{
	return reload(arg);
}

/* admin_daemon */
static bool
check_for(void *arg, conf_report *tell, void *to)
{
	struct daemon *d = arg;
	struct conf *conf = conffile_read(d->config, tell, to);
	char err[256];
	bool good = conf && !options_apply(d->options, conf, err, sizeof(err));

	if (conf && !good)
		tell(to, CONF_ERROR, err);
	conf_free(conf);
	return good;
}

/* admin_daemon. The configuration remembers it, lest the guard is put back as if somebody else had removed it. */
static int
unguard_for(void *arg)
{
	struct daemon *d = arg;

	d->conf->unguarded = true;
	return ruleset_unguard();
}

static void
open_admin(struct daemon *d)
{
	const struct admin_daemon self = {
		.arg = d, .look = look, .reload = reload_for, .check = check_for, .unguard = unguard_for };

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
		if (pid == d->engine.pid)
			bury_engine(d, status);
		else
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
		reload(d);
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

/* While the machine sleeps poll(2)'s clock stands still and CLOCK_BOOTTIME does not: look again now and then. */
#define POLL_MAX_MSEC 60000

static int
poll_timeout(const struct daemon *d)
{
	uint64_t now = boot_msec(), next = closings_next(d->closings);

	if (grants_next(d->grants) < next)
		next = grants_next(d->grants);
	if (admin_next(d->admin) < next)
		next = admin_next(d->admin);
	if (d->restart_at < next)
		next = d->restart_at;
	if (next == UINT64_MAX)
		return -1;
	if (next <= now)
		return 0;
	return next - now > POLL_MAX_MSEC ? POLL_MAX_MSEC : (int)(next - now);
}

/* The ports of a one-time door's next sequence. Should the kernel refuse, the old ones stay and the next try is the next use. */
static void
follow_sequences(struct daemon *d)
{
	if (d->moved_on)
		install_rules(d, d->conf);
	d->moved_on = false;
}

static void
loop(struct daemon *d)
{
	while (!d->signal) {
		struct pollfd fds[SLOTS] = {
			[SLOT_SIGNALS] = { .fd = d->signal_fd, .events = POLLIN },
			[SLOT_ENGINE] = { .fd = d->engine.ipc_fd, .events = POLLIN },
			[SLOT_LOOKUP] = { .fd = lookup_fd(d->lookup), .events = POLLIN },
			[SLOT_JOURNAL] = { .fd = journal_fd(d->journal), .events = POLLIN },
			[SLOT_MONITOR] = { .fd = monitor_fd(d->monitor), .events = POLLIN },
		};

		admin_poll(d->admin, fds + SLOT_ADMIN);
		if (poll(fds, SLOTS, poll_timeout(d)) < 0 && errno != EINTR)
			return;
		if (fds[SLOT_ENGINE].revents)
			read_engine(d);
		if (fds[SLOT_LOOKUP].revents)
			lookup_read(d->lookup);
		if (fds[SLOT_JOURNAL].revents)
			journal_report(d->journal);
		if (fds[SLOT_MONITOR].revents)
			read_monitor(d);
		if (fds[SLOT_SIGNALS].revents)
			read_signals(d);
		admin_work(d->admin, fds + SLOT_ADMIN);
		follow_sequences(d);
		if (d->restart_at <= boot_msec())
			restart_engine(d);
		closings_tick(d->closings, boot_msec());
		grants_tick(d->grants, boot_msec());
	}
}

/* ---- start and end ----------------------------------------------------------------------------- */

static int
open_tools(struct daemon *d)
{
	d->nftset = nftset_open();
	d->closings = closings_new(&d->log, d->conf->max_commands);
	d->grants = d->nftset ? grants_new(&d->log, d->nftset) : NULL;
	d->monitor = d->nftset ? monitor_open(nftset_port(d->nftset)) : NULL;
	d->lookup = d->options->lookup ? lookup_start(&d->user, &d->log) : NULL;
	if (!d->grants || !d->monitor || !d->closings || (d->options->lookup && !d->lookup)) {
		log_warn(&d->log, "could not start");
		return -1;
	}
	d->tools = (struct access_tools){
		.log = &d->log, .nftset = d->nftset, .grants = d->grants, .closings = d->closings, .lookup = d->lookup };
	return 0;
}

static void
create_pidfile(struct daemon *d)
{
	const char *wanted = d->conf->pid_file ? d->conf->pid_file : d->options->pid_file;
	char *path = absolute_path(wanted ? wanted : CONF_PIDFILE_DEFAULT);

	if (!path || pidfile_create(&d->pidfile, path))
		log_warn(&d->log, "could not create pid file %s", path ? path : "");
	free(path);
}

/* journal_found */
static void
take_up(void *arg, const struct journal_entry *entry)
{
	struct daemon *d = arg;

	switch (entry->kind) {
	case JOURNAL_COMMAND:
		closings_take_up(d->closings, entry);
		break;
	case JOURNAL_GRANT:
		grants_take_up(d->grants, entry);
		break;
	}
}

static void
warn(void *arg, const char *text)
{
	log_warnx(&((struct daemon *)arg)->log, "%s", text);
}

/* Without it everything works, but nothing outlives the daemon except what the kernel holds. */
static void
open_journal(struct daemon *d)
{
	d->journal = journal_open(d->conf->state_dir, take_up, warn, d);
	if (!d->journal)
		log_warnx(&d->log, "without a journal, stop commands that are not due when knockd ends run at once then");
	closings_keep_in(d->closings, d->journal);
	grants_keep_in(d->grants, d->journal);
	grants_restore(d->grants);
}

/* Everything that can fail, while somebody is watching. */
static int
start(struct daemon *d)
{
	d->nflog_fd = listen_on(d, d->conf->nflog_group);
	if (d->nflog_fd < 0 || find_other(d) || install_rules(d, d->conf) || open_tools(d) || open_signals(d))
		return -1;
	access_check(&d->tools, d->conf);
	warn_of_interfaces(d);
	if (start_engine(d))
		return -1;
	open_journal(d);
	open_admin(d);
	return 0;
}

/* A service manager that waits for readiness wants the process that it has started, whatever -d says. */
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
	if (start(d))
		return EXIT_FAILURE;
	if (d->options->daemon)
		create_pidfile(d);
	if (waiting >= 0) {
		d->log.detached = true;
		detach_finish(waiting);
	}
	log_verbose(&d->log, "listening on %s...", interface_text(d->conf));
	log_notice(&d->log, "starting up, listening on %s", interface_text(d->conf));
	log_disabled(d);
	notify_ready();
	loop(d);
	notify_stopping();
	log_notice(&d->log, "shutting down");
	return d->signal ? d->signal : EXIT_FAILURE;
}

static void
log_counters(const struct daemon *d)
{
	const struct counters *c = d->engine.counters;

	if (c)
		log_debug(&d->log,
			  "counters: packets %llu, lost %llu, bad messages %llu, cut %llu, malformed %llu, fragments %llu, "
			  "other %llu, evicted %llu, suppressed %llu",
			  (unsigned long long)c->packets, (unsigned long long)c->lost,
			  (unsigned long long)c->bad_messages, (unsigned long long)c->cut,
			  (unsigned long long)c->malformed, (unsigned long long)c->fragments,
			  (unsigned long long)c->other, (unsigned long long)c->evicted,
			  (unsigned long long)c->suppressed);
}

/* The mirror of start(): no new packets, then nobody to read them. Elements stay: the kernel times them. */
static void
stop(struct daemon *d)
{
	if (d->ruled && ruleset_remove())
		log_warn(&d->log, "could not remove table inet " RULESET_TABLE);
	log_counters(d);
	child_stop(&d->engine, take_events, d);
	pidfile_remove(&d->pidfile);
	admin_close(d->admin);
	lookup_stop(d->lookup);
	closings_free(d->closings);
	grants_free(d->grants);
	journal_close(d->journal);
	monitor_close(d->monitor);
	nftset_close(d->nftset);
	if (d->nflog_fd >= 0)
		close(d->nflog_fd);
	if (d->signal_fd >= 0)
		close(d->signal_fd);
	conf_free(d->conf);
	log_close(&d->log);
	free(d->config);
}

int
daemon_run(const struct options *options)
{
	struct daemon d = { .options = options, .nflog_fd = -1, .signal_fd = -1, .restart_at = UINT64_MAX,
			    .engine = { .ipc_fd = -1 }, .pidfile = { .fd = -1 } };
	int status = EXIT_FAILURE;

	priv_close_from(STDERR_FILENO + 1); /* whatever our own parent left open is not for commands to inherit */
	d.born_at = boot_msec();
	log_init(&d.log);
	d.log.verbose = options->verbose;
	d.log.debug = options->debug;
	d.config = absolute_path(options->config);
	d.conf = d.config ? read_conf(&d, &d.user) : NULL;
	if (d.conf) {
		open_logs(&d);
		status = run(&d);
	}
	stop(&d);
	return status;
}
