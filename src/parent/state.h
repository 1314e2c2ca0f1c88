/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of the parent process. */
#ifndef KNOCKD_PARENT_STATE_H
#define KNOCKD_PARENT_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "access/access.h"
#include "access/bans.h"
#include "access/closing.h"
#include "access/grants.h"
#include "child.h"
#include "conf/conf.h"
#include "control/admin.h"
#include "journal/journal.h"
#include "lib/limiter.h"
#include "lib/log.h"
#include "netlink/monitor.h"
#include "netlink/nftset.h"
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

/* Table inet knockd, as far as it is ours. */
struct daemon_rules {
	bool changed;      /* by anybody: the table is to be looked at */
	bool refused;      /* by the kernel, a change of ours; no other program has changed anything */
	bool ours;         /* to remove at the end */
	bool moved_on;     /* a one-time sequence was used: the rules must follow */
	uint64_t retry_at; /* ms: the next try after the kernel refused; UINT64_MAX: none is due */
};

struct daemon_engine {
	struct child child;
	struct limiter events;    /* what it may still send of those that strangers drive */
	struct limiter *openings; /* by door: and of openings; an engine's end renews nothing */
	size_t n_openings;
	bool ahead;        /* it must be replaced, see access_act() */
	unsigned restarts; /* in a row */
	uint64_t all_restarts;
	uint64_t started_at; /* ms: the last start */
	uint64_t restart_at; /* ms: when the next may be tried; UINT64_MAX: none is due */
};

/* Any of them NULL: nothing is kept. */
struct daemon_journals {
	struct journal *commands; /* what is in it is executed, so only root gets at it */
	struct journal *grants;   /* elements */
	char *grants_dir;
	unsigned refused; /* entries of both, at the start; `dropped`: not even listed */
	bool dropped;
};

/* Times are those of moment_boot_msec(). */
struct daemon {
	const struct options *options;
	char *home;   /* the working directory at the start, from which all names count. NULL: it has none */
	char *config; /* absolute: the working directory changes */
	struct log log;
	struct conf *conf;
	struct priv_user user;
	enum daemon_root root;
	struct keeper *keeper; /* with DAEMON_ROOT_NONE */
	int capture_fd;
	struct nftset *nftset;
	struct monitor *monitor;
	struct grants *grants;
	struct closings *closings;
	struct lookup *lookup;
	struct access_refusals refusals;
	struct bans *bans;
	struct access_tools tools; /* the seven above, for access */
	struct admin *admin;
	struct daemon_rules rules;
	struct daemon_engine engine;
	struct daemon_journals journals;
	uint64_t born_at; /* ms: our own start */
	struct pidfile pidfile;
	int signal_fd;
	int signal; /* that ends us; 0: go on */
};

#endif
