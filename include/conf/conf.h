/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration: plain data that owns its memory. parser.c makes it from text, conffile.c from files. */
#ifndef KNOCKD_CONF_H
#define KNOCKD_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/door.h"
#include "conf/share_conf.h"
#include "lib/addr.h"
#include "lib/network.h"

struct serverkeys;

#define CONF_PATH_DEFAULT      SYSCONFDIR "/knockd.conf"
#define CONF_PIDFILE_DEFAULT   "/var/run/knockd.pid"
#define CONF_STATE_DIR_DEFAULT STATEDIR "/knockd"
#define CONF_COMMANDS_DEFAULT  64    /* start and stop commands running at a time */
#define CONF_GROUP_DEFAULT     7777  /* NFLOG group */
#define CONF_QUEUE_DEFAULT     7777  /* the first NFQUEUE of CAPTURE_WAYS */
#define CONF_OPEN_MS_DEFAULT   30000 /* enough to connect; established connections stay open */
#define CONF_GRANTS_DEFAULT    65536 /* accesses at a time: far more than clients of one machine */
#define CONF_GRANTS_MAX        1000000
#define CONF_ATTEMPTS_DEFAULT  262144 /* at a time; 16 MiB when all are in use */
#define CONF_ATTEMPTS_MIN      16
#define CONF_ATTEMPTS_MAX      16777215 /* attempts are numbered in 24 bits */

#define CONF_PREFIX_DEFAULT     16 /* for Max_Prefix: one site's share of IPv4 ... */
#define CONF_PREFIX_6_DEFAULT   48 /* ... and IPv6, RFC 6177 */
#define CONF_SCAN_GUARD_DEFAULT 8  /* more ports than a client uses meanwhile, fewer than between two knock ports */
#define CONF_BAN_MS_DEFAULT     3600000
#define CONF_AHEAD_MS_DEFAULT   86400000 /* a client's clock: a wrong time zone, and more */
#define CONF_AGE_MS_DEFAULT     600000   /* of a signed knock that somebody has delayed */
#define CONF_CODE_TRIES_DEFAULT 5
#define CONF_SCAN_GUARD_MAX     16 /* the matcher counts them in 32 bits, see stray_bit() */

#define CONF_DOORS_MAX 65535 /* attempts number doors in 16 bits */

enum conf_rules {
	CONF_RULES_AUTO, /* the daemon maintains table inet knockd */
	CONF_RULES_NONE, /* the admin's own rules log to the NFLOG group */
};

/* How the kernel hands knocks to the engine. */
enum conf_capture {
	CONF_CAPTURE_NFLOG,   /* as copies */
	CONF_CAPTURE_NFQUEUE, /* held until the parent gives a verdict */
};

/* The verdict on a held knock. */
enum conf_knock_verdict {
	CONF_KNOCK_ACCEPT, /* the packet goes on: the port answers as it would without knockd */
	CONF_KNOCK_DROP,   /* the client gets no answer */
};

/* How the log tells of an element that was added or removed. */
enum conf_access_log {
	CONF_ACCESS_COMMAND, /* as the nft command that would do the same, for readers of knockd 0.8's log */
	CONF_ACCESS_WORDS,
};

/* May other programs change table inet knockd? */
enum conf_own {
	CONF_OWN_GUARD, /* no, while it keeps ports shut */
	CONF_OWN_YES,   /* no */
	CONF_OWN_NO,
};

/* The guard's answer to a packet from an address that may not pass. */
enum conf_guard {
	CONF_GUARD_DROP,   /* none */
	CONF_GUARD_REJECT, /* that of a closed port */
};

struct conf {
	bool use_syslog;
	int syslog_facility; /* LOG_DAEMON and the like, <syslog.h> */
	char *log_file;      /* NULL: none */
	enum conf_access_log access_log;
	char *pid_file;    /* NULL: not given */
	char **interfaces; /* as for iifname, with wildcards like "ppp*"; n 0: all */
	size_t n_interfaces;
	char *interface_text; /* as written, for the log; NULL: not given */
	enum conf_rules rules;
	enum conf_capture capture;
	uint16_t nflog_group;
	uint16_t queue_num;
	enum conf_knock_verdict knock_verdict;
	char *user;
	char *state_dir;
	char *control_socket;      /* NULL: none */
	char *knock_key;           /* path of the server's keys for signed knocks; NULL: none */
	char *authorized_keys;     /* ... and of the users' keys */
	char *totp_secrets;        /* ... and of the secrets of their codes */
	struct serverkeys *server; /* read from knock_key by conffile_read_key(); NULL: not read */
	bool replay_sync;          /* a counter is on the disk before its knock opens anything */
	uint64_t max_ahead_ms;     /* how far a client's clock may be ahead */
	uint64_t max_age_ms;       /* how old a signed knock may be */
	unsigned max_commands;
	uint32_t max_attempts;
	uint32_t max_grants;                    /* elements that are granted and stop commands to come, in all */
	uint32_t source_rate;                   /* packets a second accepted from one address; 0: no limit */
	struct element_list ban[CONF_FAMILIES]; /* elements to add for a scanner, each with its timeout */
	uint64_t ban_ms;
	struct network *ban_except; /* who is never banned ... */
	size_t n_ban_except;
	struct element_list ban_except_sets; /* ... as are elements of these sets: "%IP%" each */
	unsigned scan_guard;                 /* other ports that end an attempt; 0: none does, they are not looked at */
	enum conf_guard guard_policy;
	enum conf_own own_table;
	uint8_t max_prefix[CONF_FAMILIES]; /* see struct door */
	bool unguarded;                    /* by `knockctl unguard`: no port is kept shut */
	bool only_ipv4;                    /* by option -4 */
	struct share_conf share;
	struct door *doors;
	size_t n_doors;
};

enum conf_severity { CONF_ERROR, CONF_WARNING, CONF_DEBUG };

/* Takes one line, without newline. Debug lines are those of knockd 0.8's -D. */
typedef void conf_report(void *arg, enum conf_severity severity, const char *text);

/* Reads the door's one-time file into one_time and n_one_time. 0, or -1 with errno. */
typedef int conf_load(void *arg, struct door *door);

void conf_free(struct conf *conf); /* NULL is legal */

/*
 * Replaces the interfaces by `text`, such as "eth0, ppp*", or "any" (no restriction). 0, or -1 with the reason in
 * `err`: a name that the kernel would not allow, or no memory.
 */
int conf_set_interfaces(struct conf *conf, const char *text, char *err, size_t errlen);

/* Can this build cut the connections of a `grant`? */
bool conf_can_cut(void);

/* Does any door's `open` guard a port? */
bool conf_has_guard(const struct conf *conf);

/* Shall other programs be kept from changing table inet knockd? */
bool conf_owns_table(const struct conf *conf);

const struct element_list *conf_bans(const struct conf *conf, enum conf_family family); /* to add for a scanner */

#endif
