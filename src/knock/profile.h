/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Profiles: ~/.config/knock/config in knockd.conf's line grammar. They exist to keep sequences out
 * of command lines, so a file that others can read is refused, and no message quotes a sequence.
 *
 *   [home]
 *       host               = server.example.com
 *       sequence           = 7000,8000:udp,9000
 *       one_time_sequences = home.sequences     # instead of sequence; relative to this file
 *       delay              = 50                 # milliseconds after each hit
 *       wait               = 22                 # PORT[:PROTO]
 *
 * (Comments stand on lines of their own.)
 */
#ifndef KNOCK_PROFILE_H
#define KNOCK_PROFILE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/seq.h"

struct profile {
	char *name;
	int line; /* of its section header */
	char *host;
	struct seq seq; /* n 0: none */
	char *one_time; /* path as written; NULL: none */
	int64_t delay;  /* milliseconds; -1: not given */
	char *wait;     /* as written; NULL: none */
};

/* Every profile of the file; owns its heap. A zeroed one is empty. */
struct profiles {
	struct profile *at;
	size_t n;
};

/* Takes one finished line that names file and, where there is one, line. */
typedef void profile_report(void *arg, const char *text);

/* A push parser, fed line by line; begin with a zeroed one but for `path`, `report` and `arg`. */
struct profile_parser {
	const char *path; /* for messages */
	profile_report *report;
	void *arg;
	struct profiles profiles;
	int line;
	unsigned errors;
};

void profile_line(struct profile_parser *parser, char *line);

/* Checks each profile as a whole. The result is complete when parser->errors is 0. */
void profile_end(struct profile_parser *parser);

/*
 * Reads the file. Returns 0, or -1 when it cannot be read, belongs to somebody else, is open to
 * others, or has errors; all of that is reported.
 */
int profiles_load(struct profiles *profiles, const char *path, profile_report *report, void *arg);
void profiles_free(struct profiles *profiles);

const struct profile *profiles_find(const struct profiles *profiles, const char *name);

/* Where the file is: $XDG_CONFIG_HOME/knock/config, else ~/.config/knock/config. 0, or -1: no home. */
int profiles_path(char *buf, size_t len);

/* Turns `one_time` into a path: "~/" is the home directory, a relative one begins at the file's directory. */
int profile_one_time_path(const struct profile *profile, const char *config, char *buf, size_t len);

/* May this file hold secrets: a regular file of the user's or root's, closed to others? NULL, or why not. */
const char *profile_file_refused(int fd);

#endif
