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
 *       timeout            = 10                 # seconds
 *       both               = no                 # knock over IPv4 and IPv6
 *       source             = 192.0.2.7          # address of this machine
 *       server             = knock1:...         # a signed knock, after the ports of sequence; host is in it
 *       door               = ssh                # ... for this door
 *       key                = agent              # ... with a key of ssh-agent, or of a file
 *       totp               = no                 # ... and with a code of an authenticator app
 *
 * (In the file each comment needs a line of its own.)
 */
#ifndef KNOCK_PROFILE_H
#define KNOCK_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/seq.h"

struct profile {
	char *name;
	int line; /* of its section header */
	char *host;
	struct seq seq;  /* n 0: none */
	char *one_time;  /* path as written; NULL: none */
	int64_t delay;   /* milliseconds; -1: not given */
	char *wait;      /* as written; NULL: none */
	int64_t timeout; /* milliseconds; -1: not given */
	bool both;
	char *source; /* numeric address; NULL: none */
	char *server; /* "knock1:..." without a door; NULL: no signed knock */
	char *door;
	bool totp; /* the signed knock needs a code */
	char *key; /* "agent" or a path as written; NULL: not given */
	bool bad;  /* one of its lines has an error */
};

/* All profiles of the file; owns its memory. Zeroed: empty. */
struct profiles {
	struct profile *at;
	size_t n;
};

/* Receives one complete message, with the file name and, if known, the line number. */
typedef void profile_report(void *arg, const char *text);

/* A push parser, fed line by line. Set `path`, `report` and `arg`, and zero the rest. */
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
 * Reads the file. Returns 0, or -1 after reporting why: unreadable, refused by profile_file_refused(), or with errors.
 */
int profiles_load(struct profiles *profiles, const char *path, profile_report *report, void *arg);
void profiles_free(struct profiles *profiles);

const struct profile *profiles_find(const struct profiles *profiles, const char *name);

/* The path of a file of the user's state: $XDG_STATE_HOME, else ~/.local/state. 0, or -1 as below. */
int profiles_state_path(char *buf, size_t len, const char *name);

/*
 * Appends the profile of an enrolment line to the file, which it makes if there is none. 0, or -1 after a report: there
 * is such a profile already, for one.
 */
int profiles_add(const char *path, const char *name, const char *invitation, profile_report *report, void *arg);

/* The path of the file: $XDG_CONFIG_HOME/knock/config, else ~/.config/knock/config. 0, or -1: no home, or too long. */
int profiles_path(char *buf, size_t len);

/* Expands a path of the profile: "~/" to the home directory, a relative path from the file's directory. 0, or -1
 * likewise. */
int profile_expand(const char *path, const char *config, char *buf, size_t len);

/* May this file hold secrets: regular, owned by the user or root, no access for others? NULL, or the reason against. */
const char *profile_file_refused(int fd);

#endif
