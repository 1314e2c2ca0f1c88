/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A configuration as a value: plain data that owns its heap. parser.c makes it of text, conffile.c of files. */
#ifndef KNOCKD_CONF_H
#define KNOCKD_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/door.h"
#include "lib/addr.h"
#include "lib/network.h"

#define CONF_PATH_DEFAULT      SYSCONFDIR "/knockd.conf"
#define CONF_PIDFILE_DEFAULT   "/var/run/knockd.pid"
#define CONF_STATE_DIR_DEFAULT STATEDIR "/knockd"
#define CONF_COMMANDS_DEFAULT  64    /* start and stop commands running at a time */
#define CONF_GROUP_DEFAULT     7777  /* NFLOG group */
#define CONF_QUEUE_DEFAULT     7777  /* the first NFQUEUE of CAPTURE_WAYS */
#define CONF_OPEN_MS_DEFAULT   30000 /* enough to begin a connection; one that has begun goes on */
#define CONF_GRANTS_DEFAULT    65536 /* accesses at a time: far more than clients of one machine */
#define CONF_GRANTS_MAX        1000000
#define CONF_ATTEMPTS_DEFAULT  262144 /* under way at a time: 16 MiB when all are in use */
#define CONF_ATTEMPTS_MIN      16
#define CONF_ATTEMPTS_MAX      16777215 /* attempts are numbered in 24 bits */

#define CONF_PREFIX_DEFAULT     16 /* what a knocker may open at most is a site's share: IPv4 ... */
#define CONF_PREFIX_6_DEFAULT   48 /* ... and IPv6, RFC 6177 */
#define CONF_SCAN_GUARD_DEFAULT 8  /* more than who knocks uses at the same time, fewer than lie between two ports */
#define CONF_BAN_MS_DEFAULT     3600000
#define CONF_SCAN_GUARD_MAX     16 /* a matcher that counts in 32 bits tells so many apart */

#define CONF_DOORS_MAX 65535 /* doors are numbered in 16 bits in attempts and events */

enum conf_rules {
	CONF_RULES_AUTO, /* the daemon keeps table inet knockd itself */
	CONF_RULES_NONE, /* the admin's own rules log to the group */
};

/* How knocks come to the engine. */
enum conf_capture {
	CONF_CAPTURE_NFLOG,   /* as copies */
	CONF_CAPTURE_NFQUEUE, /* held until they are dealt with */
};

/* What becomes of a knock that was held. */
enum conf_knock_verdict {
	CONF_KNOCK_ACCEPT, /* it goes its way: the port answers as it would without knockd */
	CONF_KNOCK_DROP,   /* nothing answers it */
};

/* What becomes of a packet that the guard does not let pass. */
enum conf_guard {
	CONF_GUARD_DROP,   /* no answer */
	CONF_GUARD_REJECT, /* the answer of a port where nothing listens */
};

struct conf {
	bool use_syslog;
	int syslog_facility; /* LOG_DAEMON and the like, <syslog.h> */
	char *log_file;      /* NULL: none */
	char *pid_file;      /* NULL: not given here */
	char **interfaces;   /* names as iifname takes them, "ppp*" included; n 0: every one */
	size_t n_interfaces;
	char *interface_text; /* as written, for the log; NULL: not given */
	enum conf_rules rules;
	enum conf_capture capture;
	uint16_t nflog_group;
	uint16_t queue_num;
	enum conf_knock_verdict knock_verdict;
	char *user;
	char *state_dir;
	char *control_socket; /* NULL: none */
	unsigned max_commands;
	uint32_t max_attempts;
	uint32_t max_grants;                    /* elements that are granted and stop commands to come, in all */
	uint32_t source_rate;                   /* packets a second that are taken from one address; 0: all */
	struct element_list ban[CONF_FAMILIES]; /* what a scan leads to; each element with its timeout */
	uint64_t ban_ms;
	struct network *ban_except; /* who is never banned ... */
	size_t n_ban_except;
	struct element_list ban_except_sets; /* ... as are elements of these sets: "%IP%" each */
	unsigned scan_guard;                 /* other ports that end an attempt; 0: none does, they are not looked at */
	enum conf_guard guard_policy;
	uint8_t max_prefix[CONF_FAMILIES]; /* see struct door */
	bool unguarded;                    /* nothing is kept shut for now; never set by the file */
	bool only_ipv4;                    /* -4, never set by the file */
	struct door *doors;
	size_t n_doors;
};

enum conf_severity { CONF_ERROR, CONF_WARNING, CONF_DEBUG };

/* Takes one finished line, without newline. Debug lines are those of knockd 0.8's -D. */
typedef void conf_report(void *arg, enum conf_severity severity, const char *text);

/* Reads the door's one-time file into one_time and n_one_time. 0, or -1 with errno. */
typedef int conf_load(void *arg, struct door *door);

void conf_free(struct conf *conf); /* NULL is legal */

/*
 * Replaces what `Interface` said by "eth0, ppp*" or "any" (no restriction). 0, or -1 when a name is
 * empty or longer than the kernel's 15 characters; `err` then says which.
 */
int conf_set_interfaces(struct conf *conf, const char *text, char *err, size_t errlen);

const struct element_list *conf_bans(const struct conf *conf, enum conf_family family); /* what a scanner gets */

#endif
