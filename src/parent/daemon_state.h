/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of the parent share: src/parent/daemon.c is the loop, src/daemon_*.c what it calls. For nobody else.
 */
#ifndef KNOCKD_DAEMON_STATE_H
#define KNOCKD_DAEMON_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "access/access.h"
#include "access/closing.h"
#include "access/grants.h"
#include "conf/conf.h"
#include "control/admin.h"
#include "journal/journal.h"
#include "lib/limiter.h"
#include "lib/log.h"
#include "netlink/monitor.h"
#include "netlink/nftset.h"
#include "parent/child.h"
#include "parent/options.h"
#include "process/keeper.h"
#include "process/lookup.h"
#include "process/pidfile.h"
#include "process/priv.h"

/* What is left of root once all is set up. */
enum daemon_root {
	DAEMON_ROOT_NONE,  /* the engine's user, with CAP_NET_ADMIN */
	DAEMON_ROOT_FILES, /* its uid, with what new engines and one-time files need */
	DAEMON_ROOT_ALL,   /* everything: commands may need it */
};

struct daemon {
	const struct options *options;
	char *home;   /* the working directory at the start, from which all names count. NULL: it has none */
	char *config; /* absolute: the working directory changes */
	struct log log;
	struct conf *conf;
	struct priv_user user;
	int capture_fd;
	bool rules_changed; /* by whomever: to be looked at */
	uint64_t rules_at;  /* ms: when they could not be put back, the next try; UINT64_MAX: none is due */
	bool rules_refused; /* ... by the kernel, a change of ours: nobody else has done anything */
	bool ruled;         /* table inet knockd is ours to remove */
	struct nftset *nftset;
	struct monitor *monitor;
	struct journal *journal; /* of commands: what is in it is executed, so only root gets at it */
	struct journal *granted; /* of elements */
	char *granted_dir;
	enum daemon_root root;
	struct keeper *keeper; /* with DAEMON_ROOT_NONE */
	struct grants *grants;
	struct closings *closings;
	struct lookup *lookup;
	struct access_tools tools;
	struct admin *admin;
	bool moved_on; /* a one-time sequence was used: the rules must follow */
	struct child engine;
	struct limiter events; /* what the engine may still send of those that strangers drive */
	unsigned restarts;     /* in a row */
	uint64_t all_restarts;
	uint64_t born_at;    /* ms: our own start */
	uint64_t started_at; /* ms: the engine's last start */
	uint64_t restart_at; /* ms: when the next may be tried; UINT64_MAX: none is due */
	struct pidfile pidfile;
	int signal_fd;
	int signal; /* that ends us; 0: go on */
};

/* ---- daemon_conf.c: the configuration, and what it says of logs ---- */

/* From the root directory; the caller frees it. NULL when memory is out. */
char *daemon_path(const struct daemon *d, const char *path);

/* Reads the file, applies the command line, finds the user. NULL after a line on what is wrong. */
struct conf *daemon_read_conf(struct daemon *d, struct priv_user *user);

/* The configuration's log file, or else the command line's; the caller frees it. NULL: none, or no memory. */
char *daemon_log_path(const struct daemon *d);

/* Syslog and log file as the configuration has them; and again, with a line, for who has moved the file away. */
void daemon_open_logs(struct daemon *d);
void daemon_reopen_logs(struct daemon *d);

/* What `Interface` says, as knockd's log has it. */
const char *daemon_interfaces(const struct conf *conf);

/* Lines on doors without a sequence, and on interfaces that are not there. */
void daemon_log_disabled(const struct daemon *d);
void daemon_warn_of_interfaces(const struct daemon *d);

/* ---- daemon_root.c ---- */

/* Gives up what the configuration in force does not need; the last thing before the first thread. -1 after a line. */
int daemon_leave_root(struct daemon *d);

/* As conffile_read() and log_open_file(), also without the right to do so. */
struct conf *daemon_read_file(struct daemon *d, conf_report *report, void *arg);
int daemon_open_log_file(struct daemon *d, const char *path);

/* Could this configuration be in force with what was kept? 0, or -1 after a line. */
int daemon_check_root(const struct daemon *d, const struct conf *conf, const struct priv_user *user);

/* ---- daemon_capture.c: where knocks come from ---- */

/* A descriptor of what `conf` wants to listen to, or -1 after a line that says why. */
int daemon_listen(struct daemon *d, const struct conf *conf);

/* Do both listen to the same? */
bool daemon_same_capture(const struct conf *a, const struct conf *b);

/* For packets that the engine has dealt with; what it has recognised in them must have been acted on. */
void daemon_give_verdicts(struct daemon *d, const struct event *events, size_t n);

/* What the kernel holds goes on as if it had been dealt with: the engine that has read it is no more. */
void daemon_give_up_packets(struct daemon *d);
void daemon_close_capture(struct daemon *d);

/* ---- daemon_rules.c: what we have in the kernel's ruleset ---- */

/* -1 after a line when another knockd keeps the table in this network namespace. */
int daemon_find_other(struct daemon *d);

/* Lines on what is left of the table of an earlier run that nobody takes away now. */
void daemon_warn_of_leftovers(const struct daemon *d);

/* Puts table inet knockd in place as `conf` wants it, or takes it away. 0, or -1 after a line. */
int daemon_install_rules(struct daemon *d, const struct conf *conf);

/* Somebody has changed the ruleset: what is missing is put back. */
void daemon_read_monitor(struct daemon *d);
void daemon_put_rules_back(struct daemon *d);

/* The kernel has refused a change of ours: daemon_put_rules_back() is due in a while. */
void daemon_try_rules_later(struct daemon *d);

/* ---- daemon_engine.c ---- */

/* 0, or -1 after a line; another try is due in a while then. */
int daemon_start_engine(struct daemon *d);
void daemon_restart_engine(struct daemon *d);

/* What it has said; and the same when it has ended with `status`. */
void daemon_read_engine(struct daemon *d);
void daemon_bury_engine(struct daemon *d, int status);

/* child_events, with the daemon as `arg` */
void daemon_take_events(void *arg, const struct event *events, size_t n);

/* ---- daemon_reload.c ---- */

/* True when the new configuration is in force; otherwise the old one still is. Logs what it does. */
bool daemon_reload(struct daemon *d);

#endif
