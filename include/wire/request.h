/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What knockctl asks of the daemon: one line, the same words as on knockctl's command line. Words are separated
 * by blanks; a word in double quotes may contain them, and \" and \\ stand for themselves in it.
 *
 *   status | doors | list | attempts | stats | watch | reload | check | unguard
 *   revoke ADDRESS [--door DOOR] | revoke --door DOOR | revoke --all
 *   extend ADDRESS [--door DOOR] TIME
 *   grant ADDRESS --door DOOR
 *
 * Pure, and shared by both ends.
 */
#ifndef KNOCKD_REQUEST_H
#define KNOCKD_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

#define REQUEST_SOCKET RUNSTATEDIR "/knockd/control.sock" /* unless ControlSocket or --socket says otherwise */

#define REQUEST_LINE_MAX        4096 /* bytes, without the newline */
#define REQUEST_WORDS           8
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
	REQUEST_COMMANDS
};

struct request {
	enum request_command command;
	struct addr ip;   /* family 0: not given */
	const char *door; /* its name; NULL: not given */
	bool all;
	int64_t by_ms;
	char text[REQUEST_LINE_MAX + 1]; /* what `door` may point into */
};

/* The name of a command; and the command of a name, REQUEST_COMMANDS when there is none. */
const char *request_name(enum request_command command);
enum request_command request_find(const char *name);

/*
 * Reads a line of any bytes, without its newline. 0, or -1 with the reason in `err`, which may quote what the line
 * says. `request` must not be moved afterwards.
 */
int request_parse(struct request *request, const void *bytes, size_t len, char *err, size_t errlen);

/* The same for words that have been separated; `request` then points to them. */
int request_take(struct request *request, char *const *words, size_t n, char *err, size_t errlen);

/* Writes the line that stands for these words. 0, or -1: too long, or a word has a newline in it. */
int request_format(char *buf, size_t len, const char *const *words, size_t n);

/* What is asked for, as one printable text for the log. Cut at `len`; returns `buf`. */
const char *request_describe(const struct request *request, char *buf, size_t len);

#endif
