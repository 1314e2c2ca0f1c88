/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * knockd.conf: a push parser that is fed line by line and touches no file, so that the file, a
 * test and a fuzzer drive it alike. `struct conf` is plain data and owns its heap.
 *
 * Every error is reported and parsing goes on; conf_end() says how many there were. The texts begin
 * with knockd 0.8's own ("config: line 5: syntax error") and go on to what, where and why.
 */
#ifndef KNOCKD_CONF_H
#define KNOCKD_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/element.h"
#include "lib/addr.h"
#include "lib/seq.h"

#define CONF_PATH_DEFAULT      SYSCONFDIR "/knockd.conf"
#define CONF_PIDFILE_DEFAULT   "/var/run/knockd.pid"
#define CONF_STATE_DIR_DEFAULT STATEDIR "/knockd"
#define CONF_COMMANDS_DEFAULT  64     /* start and stop commands running at a time */
#define CONF_GROUP_DEFAULT     7777   /* NFLOG group */
#define CONF_QUEUE_DEFAULT     7777   /* the first NFQUEUE of CAPTURE_WAYS */
#define CONF_OPEN_MS_DEFAULT   30000  /* enough to begin a connection; one that has begun goes on */
#define CONF_ATTEMPTS_DEFAULT  262144 /* under way at a time: 16 MiB when all are in use */
#define CONF_ATTEMPTS_MIN      16
#define CONF_ATTEMPTS_MAX      16777215 /* attempts are numbered in 24 bits */

#define CONF_PREFIX_DEFAULT     16 /* what a knocker may open at most is a site's share: IPv4 ... */
#define CONF_PREFIX_6_DEFAULT   48 /* ... and IPv6, RFC 6177 */
#define CONF_SCAN_GUARD_DEFAULT 8  /* more than who knocks uses at the same time, fewer than lie between two ports */
#define CONF_BAN_MS_DEFAULT     3600000
#define CONF_SCAN_GUARD_MAX     16 /* a matcher that counts in 32 bits tells so many apart */

#define CONF_DOOR_NAME_MAX 128   /* with its NUL; knockd 0.8 cuts longer names */
#define CONF_DOORS_MAX     65535 /* doors are numbered in 16 bits in attempts and events */

/* Family-dependent values: [0] is for IPv4 knockers, [1] for IPv6. */
enum conf_family { CONF_V4, CONF_V6, CONF_FAMILIES };

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
	CONF_KNOCK_DROP,   /* nothing answers it */
	CONF_KNOCK_ACCEPT, /* it goes its way */
};

/* What becomes of a packet that the guard does not let pass. */
enum conf_guard {
	CONF_GUARD_DROP,   /* no answer */
	CONF_GUARD_REJECT, /* the answer of a port where nothing listens */
};

struct conf_grants {
	struct element *at;
	size_t n;
	bool given; /* the key was there */
};

struct door {
	char name[CONF_DOOR_NAME_MAX];
	int line; /* of its section header */
	struct seq seq;
	char *one_time_path;              /* NULL: the sequence is fixed */
	struct seq *one_time;             /* what the file held when it was read, in order */
	size_t n_one_time, next_one_time; /* the first that has not become `seq` yet */
	int64_t seq_timeout;              /* seconds; 0 or less: a sequence of several ports never completes */
	uint8_t flags_mask;               /* TCP flag bits that are looked at, as in byte 13 of the header (RFC 9293) */
	uint8_t flags_value;              /* ... and what they must be */
	struct addr target;               /* family 0: any address of this machine */
	int64_t cmd_timeout;              /* seconds */
	int64_t cooldown;                 /* seconds after a success in which the door ignores every hit */
	bool allow_duplicates;
	char *start_command[CONF_FAMILIES]; /* as written; NULL: key absent, "": given but empty */
	char *stop_command[CONF_FAMILIES];
	struct conf_grants grant[CONF_FAMILIES];
	struct conf_grants revoke[CONF_FAMILIES];
	uint8_t max_prefix[CONF_FAMILIES]; /* bits of a knocker's address in a grant at least; of all doors alike */
	struct seq open, close; /* ports that are kept shut and opened per knocker, and shut again; n 0: none */
	uint64_t open_timeout_ms;
	struct conf_grants opens[CONF_FAMILIES]; /* ... as elements of our own table; no family stands for the other */
	struct conf_grants closes[CONF_FAMILIES];
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
	uint32_t source_rate;                  /* packets a second that are taken from one address; 0: all */
	struct conf_grants ban[CONF_FAMILIES]; /* what a scan leads to; each element with its timeout */
	uint64_t ban_ms;
	unsigned scan_guard; /* other ports that end an attempt; 0: none does, they are not looked at */
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

struct conf_parser;

/*
 * begin -> line (any number of times, each at most TEXT_LINE_MAX bytes, changed in place) -> end.
 * `path` is only for messages. begin returns NULL when memory is out; end frees the parser, does
 * the whole-file checks and returns the configuration, or NULL when anything was wrong.
 */
struct conf_parser *conf_begin(const char *path, conf_report *report, void *arg);
void conf_line(struct conf_parser *parser, char *line);
struct conf *conf_end(struct conf_parser *parser);

/*
 * Reads the door's one-time file into one_time and n_one_time. 0, or -1 with errno. Without such a function,
 * to be set before the first line, the parser leaves the file alone.
 */
typedef int conf_load(void *arg, struct door *door);
void conf_load_by(struct conf_parser *parser, conf_load *load);

void conf_free(struct conf *conf); /* NULL is legal */

/*
 * Replaces what `Interface` said by "eth0, ppp*" or "any" (no restriction). 0, or -1 when a name is
 * empty or longer than the kernel's 15 characters; `err` then says which.
 */
int conf_set_interfaces(struct conf *conf, const char *text, char *err, size_t errlen);

/* What a knocker of this family gets: the _6 key, else the plain one. NULL: nothing. */
const char *door_start_command(const struct door *door, enum conf_family family);
const char *door_stop_command(const struct door *door, enum conf_family family);
const struct conf_grants *door_grants(const struct door *door, enum conf_family family);
const struct conf_grants *door_revokes(const struct door *door, enum conf_family family);
const struct conf_grants *conf_bans(const struct conf *conf, enum conf_family family); /* what a scanner gets */

/* Makes the next one-time sequence the door's. False when there is none: seq.n is then 0, the door is disabled. */
bool door_next_sequence(struct door *door);

/* AF_INET6 is CONF_V6, anything else CONF_V4. */
enum conf_family conf_family(const struct addr *addr);

#endif
