/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line of knock: that of knockd 0.8's client, with more options. Its grammar only; hosts, ports and
 * profiles are checked elsewhere.
 */
#ifndef KNOCKD_CLIENT_OPTIONS_H
#define KNOCKD_CLIENT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net.h"
#include "signer.h"

#define CLIENT_TIMEOUT_DEFAULT 10000 /* milliseconds: four round trips of 2 s, and more */
#define CLIENT_DELAY_MAX       (24 * 60 * 60 * 1000)

enum client_action {
	CLIENT_KNOCK,
	CLIENT_LIST,
	CLIENT_ADD,
	CLIENT_VERSION,
	CLIENT_HELP,  /* usage on stdout and exit code 1, as with knockd 0.8 */
	CLIENT_ERROR, /* like HELP; getopt has printed the error on stderr */
	CLIENT_STOP,  /* the error is in `err`; no usage */
};

struct client_options {
	bool udp;
	bool verbose;
	int64_t delay;   /* milliseconds after each hit; -1: not given */
	int64_t timeout; /* milliseconds, for --wait and --proxy; -1: not given */
	enum net_family family;
	const char *source;
	const char *interface;
	const char *profile;
	bool bare;         /* `profile` was the only word: it may be a host without ports */
	const char *wait;  /* PORT[:PROTO] */
	const char *proxy; /* PORT */
	const char *add;   /* the name of a new profile, whose enrolment line is `host` */
	const char *port;  /* PORT[:PROTO] to ask for */
	const char *totp;  /* the code; NULL: not given */
	const char *address;
	bool other;       /* `address` is somebody else's */
	uint32_t seconds; /* how long to ask for; 0: not given */
	enum signer_action action;
	const char *host; /* NULL with a profile */
	char **words;     /* ports; owned, the strings are argv's */
	size_t n_words;
	char **command; /* NULL-terminated tail of argv, or NULL */
};

/* Seconds from 0.001 to 86400, with a fraction or without, or a time of duration_parse() up to that. 0, or -1. */
int client_options_timeout(int64_t *ms, const char *text);

enum client_action client_options_parse(struct client_options *options, int argc, char **argv, char *err,
					size_t errlen);
void client_options_free(struct client_options *options);
void client_options_usage(void);
void client_options_version(void);

#endif
