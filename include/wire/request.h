/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A request from knockctl to the daemon: one line with the words of knockctl's command line. Words are separated
 * by blanks; a word in double quotes may contain them, and \" and \\ for a quote and a backslash.
 *
 *   status | doors | attempts | stats | watch | reload | check | unguard
 *   list [ADDRESS ...] [--door DOOR]
 *   revoke ADDRESS ... [--door DOOR] [--cut] [--by-hand] | revoke --door DOOR [--cut] | revoke --all [--cut]
 *   extend ADDRESS ... [--door DOOR] TIME
 *   grant ADDRESS --door DOOR [--forever]
 *   users [--reset USER]
 *   peers [--sync]
 *   enrol USER --host HOST [--door DOOR]
 *   totp USER --host HOST
 *
 * ADDRESS may be a prefix, except for grant and with --by-hand. TIME may be negative.
 *
 * Both ends use these functions, which do no I/O.
 */
#ifndef KNOCKD_REQUEST_H
#define KNOCKD_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/network.h"

#define REQUEST_SOCKET RUNSTATEDIR "/knockd/control.sock" /* unless Control_Socket or --socket is given */

#define REQUEST_LINE_MAX        4096 /* bytes, without the newline */
#define REQUEST_NETS            64   /* addresses in one request */
#define REQUEST_WORDS           (REQUEST_NETS + 8)
#define REQUEST_EXTEND_MAX_MSEC (INT64_C(10) * 366 * 86400 * 1000)

enum request_command {
	REQUEST_STATUS,
	REQUEST_DOORS,
	REQUEST_LIST,
	REQUEST_ATTEMPTS,
	REQUEST_REVOKE,
	REQUEST_EXTEND,
	REQUEST_GRANT,
	REQUEST_WATCH,
	REQUEST_STATS,
	REQUEST_RELOAD,
	REQUEST_CHECK,
	REQUEST_UNGUARD,
	REQUEST_USERS,
	REQUEST_ENROL,
	REQUEST_TOTP,
	REQUEST_PEERS,
	REQUEST_COMMANDS
};

/* The accesses that a request is about. */
struct request_whom {
	struct network nets[REQUEST_NETS];
	size_t n_nets;    /* 0: any address */
	const char *door; /* NULL: any */
};

struct request {
	enum request_command command;
	struct request_whom whom;
	bool all, cut, by_hand, forever, sync;
	int64_t by_ms;
	const char *user; /* NULL: none, like the next */
	const char *host;
	char text[REQUEST_LINE_MAX + 1]; /* the names may point into it */
};

/* The name of a command; the command of a name, REQUEST_COMMANDS if it is unknown. */
const char *request_name(enum request_command command);
enum request_command request_find(const char *name);

/*
 * Reads a line of any bytes, without its newline. 0, or -1 with the reason in `err`, which may quote the line.
 * `request` must not be moved afterwards.
 */
int request_parse(struct request *request, const void *bytes, size_t len, char *err, size_t errlen);

/* The same for separate words; `request` then points to them. */
int request_take(struct request *request, char *const *words, size_t n, char *err, size_t errlen);

/* Writes the line with these words. 0, or -1: too long, or a word contains a newline. */
int request_format(char *buf, size_t len, const char *const *words, size_t n);

/* Is an access of this address through this door one of them? */
bool request_means(const struct request_whom *whom, const struct addr *ip, const char *door);

/* Writes the request as printable text for the log. Cut at `len`; returns `buf`. */
const char *request_describe(const struct request *request, char *buf, size_t len);

#endif
