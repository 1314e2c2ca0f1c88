/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of the parent process. */
#ifndef KNOCKD_PARENT_STATE_H
#define KNOCKD_PARENT_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "access/access.h"
#include "access/bans.h"
#include "access/closing.h"
#include "access/codes.h"
#include "access/grants.h"
#include "access/judge.h"
#include "access/sharing.h"
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
#include "table/ruleset.h"

/* The privileges kept after start. */
enum daemon_root {
	DAEMON_ROOT_NONE,  /* the engine's user, with CAP_NET_ADMIN */
	DAEMON_ROOT_FILES, /* uid 0, with the capabilities for nftables, new engines and one-time files */
	DAEMON_ROOT_ALL,   /* as started: commands may need it */
};

/* Table inet knockd. */
struct daemon_rules {
	struct ruleset table;
	bool told;     /* the log has a line about who may change the table */
	bool changed;  /* events came: check the table */
	bool refused;  /* the kernel refused a change of ours: if the table is incomplete, no other program did it */
	bool ours;     /* installed by us: removed at the end */
	bool moved_on; /* a one-time sequence was used: install the next one's ports */
	uint64_t retry_at; /* ms: the next try after the kernel refused; UINT64_MAX: none is due */
};

struct daemon_engine {
	struct child child;
	struct limiter events; /* for the events that remote hosts can cause */
	struct limiter signed_knocks;
	struct limiter *openings; /* by door: and of openings; an engine's end renews nothing */
	size_t n_openings;
	bool ahead;        /* it must be replaced, see access_act() */
	unsigned restarts; /* in a row */
	uint64_t all_restarts;
	uint64_t started_at; /* ms: the last start */
	uint64_t restart_at; /* ms: when the next may be tried; UINT64_MAX: none is due */
};

/* Signs of life for the service manager. */
struct daemon_watchdog {
	uint64_t every; /* ms; 0: it wants none */
	uint64_t next;  /* ms; UINT64_MAX: never */
	uint64_t beats; /* the engine's, at the last look */
	bool silent;    /* there were no new ones then */
};

/* NULL: nothing is kept. */
struct daemon_journals {
	struct journal *commands; /* its commands are executed, so only root may write it */
	struct journal *grants;   /* elements */
	char *grants_dir;
	unsigned refused; /* entries of both, at the start; `dropped`: not even listed */
	bool dropped;
};

/* The files of the users, see users.h. */
enum { USERS_KEYS, USERS_SECRETS, USERS_FILES };

struct daemon_users {
	int fd;     /* reports that it may have changed; -1: none */
	char *path; /* ... for this file */
	int error;  /* the file could not be opened; 0: it could, and the next four say which one it was */
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec changed;
	bool taken; /* a file has been read: its keys count until another one is */
};

/* The courier. Times are in ms. */
struct daemon_link {
	pid_t pid;                     /* 0: none runs */
	int fd;                        /* -1: none, as below */
	int said;                      /* its standard error until it is confined */
	int program;                   /* courier_open() */
	uint64_t started_at, start_at; /* the last start; the next one, UINT64_MAX: none is due */
	uint64_t pause;                /* before the next start */
	bool kept;                     /* over the reload under way */
};

struct claims;

/* Times are those of moment_boot_msec(). */
struct daemon {
	const struct options *options;
	char *home;        /* working directory at start, base of relative paths; NULL: unknown */
	char *config;      /* absolute, since the working directory changes */
	char *config_file; /* the same file at the start, named without links */
	struct log log;
	struct conf *conf;
	struct priv_user user;
	enum daemon_root root;
	struct keeper *keeper; /* with DAEMON_ROOT_NONE */
	int capture_fd;
	int watch_fd;      /* reports that a one-time file may have changed; -1: none */
	struct nfnl *nfnl; /* the socket that may own table inet knockd: no other process has it */
	struct nftset *nftset;
	struct monitor *monitor;
	struct grants *grants;
	struct closings *closings;
	struct lookup *lookup;
	struct access_refusals refusals;
	struct bans *bans;
	struct codes *codes;
	struct judge *judge; /* NULL in a build without libsodium */
	struct daemon_users users[USERS_FILES];
	struct cuts *cuts;
	struct sharing *sharing; /* NULL in a build without it */
	struct daemon_link link;
	struct claims *claims;     /* NULL: there was none yet */
	struct access_tools tools; /* the objects that access works with */
	struct admin *admin;
	struct daemon_rules rules;
	struct daemon_engine engine;
	struct daemon_watchdog watchdog;
	struct daemon_journals journals;
	uint64_t born_at; /* ms: start of the daemon */
	struct pidfile pidfile;
	int signal_fd;
	int signal; /* the signal that ends the loop; 0: none yet */
};

#endif
