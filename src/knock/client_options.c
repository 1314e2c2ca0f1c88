/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "client_options.h"

#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/duration.h"

/* Long options without a letter. */
enum {
	OPT_BOTH = 256,
	OPT_WAIT,
	OPT_TIMEOUT,
	OPT_PROXY,
	OPT_PROFILE,
	OPT_LIST,
	OPT_FOR,
	OPT_PORT,
	OPT_ADDRESS,
	OPT_TOTP,
	OPT_OTHER,
	OPT_CLOSE,
	OPT_PROBE,
	OPT_ADD
};

/*
 * Every unique abbreviation of a name of knockd 0.8 is still unique. The leading '-' makes getopt return words in
 * place, which separates the words before "--" from the command after it.
 */
static const char letters[] = "-ud:46s:i:vVh";
static const struct option names[] = {
	{ "udp", no_argument, NULL, 'u' },
	{ "delay", required_argument, NULL, 'd' },
	{ "ipv4", no_argument, NULL, '4' },
	{ "ipv6", no_argument, NULL, '6' },
	{ "both", no_argument, NULL, OPT_BOTH },
	{ "source", required_argument, NULL, 's' },
	{ "interface", required_argument, NULL, 'i' },
	{ "wait", required_argument, NULL, OPT_WAIT },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "proxy", required_argument, NULL, OPT_PROXY },
	{ "profile", required_argument, NULL, OPT_PROFILE },
	{ "list", no_argument, NULL, OPT_LIST },
	{ "for", required_argument, NULL, OPT_FOR },
	{ "port", required_argument, NULL, OPT_PORT },
	{ "address", required_argument, NULL, OPT_ADDRESS },
	{ "other-address", required_argument, NULL, OPT_OTHER },
	{ "totp", required_argument, NULL, OPT_TOTP },
	{ "close", no_argument, NULL, OPT_CLOSE },
	{ "probe", no_argument, NULL, OPT_PROBE },
	{ "add", required_argument, NULL, OPT_ADD },
	{ "verbose", no_argument, NULL, 'v' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static const char usage[] = "usage: knock [options] <host> <port[:proto]> [port[:proto]] ... [-- command ...]\n"
			    "       knock [options] <profile> [-- command ...]\n"
			    "options:\n"
			    "  -u, --udp            send every hit by UDP\n"
			    "  -d, --delay <ms>     pause for <ms> milliseconds after each hit\n"
			    "  -4, --ipv4           use IPv4 only\n"
			    "  -6, --ipv6           use IPv6 only\n"
			    "      --both           knock over IPv4 and IPv6 when the host has both\n"
			    "  -s, --source <addr>  send from this address\n"
			    "  -i, --interface <if> send through this interface\n"
			    "      --wait <port[:proto]>  knock until this port is open; exit 2 if it stays shut\n"
			    "      --timeout <time> how long to wait, in seconds or such as 2m (default 10)\n"
			    "      --proxy <port>   wait for the port, then connect it to stdin and stdout\n"
			    "      --profile <name> take host and sequence from ~/.config/knock/config\n"
			    "      --list           list the profiles\n"
			    "      --add <name> <knock1:...>  add a profile from an enrolment line\n"
			    "      --totp <code>    the code of an authenticator app, for <port>:totp in a sequence\n"
			    "  with a profile of a signed knock:\n"
			    "      --for <time>     ask for this time, such as 2h\n"
			    "      --port <port[:proto]>  ask for this port alone\n"
			    "      --address <addr>  this is my address, as the server sees it\n"
			    "      --other-address <addr>  open for this address instead of mine\n"
			    "      --close          end my access\n"
			    "      --probe          let the server log the knock, and open nothing\n"
			    "  -v, --verbose        print each hit\n"
			    "  -V, --version        show the version\n"
			    "  -h, --help           show this help\n"
			    "\n"
			    "example:  knock myserver.example.com 7000 8000:udp 9000 --wait 22\n"
			    "\n";

void
client_options_usage(void)
{
	fputs(usage, stdout);
}

void
client_options_version(void)
{
	puts("knock " PACKAGE_VERSION);
	puts("Copyright (C) 2026 The knockd-nft authors");
}

/* As atoi() in knockd 0.8: "abc" is 0. */
static int
parse_delay(int64_t *delay, const char *text, char *err, size_t errlen)
{
	long long n = strtoll(text, NULL, 10);

	if (n < 0) {
		snprintf(err, errlen, "error: delay cannot be negative");
		return -1;
	}
	*delay = n > CLIENT_DELAY_MAX ? CLIENT_DELAY_MAX : n;
	return 0;
}

#define WAIT_SECONDS_MAX 86400 /* seconds */

int
client_options_timeout(int64_t *ms, const char *text)
{
	char *end;
	double seconds = strtod(text, &end);
	uint64_t n;

	/* 1.001 * 1000 is less than 1001; with an i387, so is 0.3 than 300 */
	if (isdigit((unsigned char)*text) && !*end && seconds >= 0.001 && seconds <= WAIT_SECONDS_MAX)
		n = (uint64_t)(seconds * 1000 + 0.5);
	else if (duration_parse(&n, text) || n > WAIT_SECONDS_MAX * UINT64_C(1000))
		return -1;
	*ms = (int64_t)n;
	return 0;
}

static int
parse_timeout(int64_t *ms, const char *text, char *err, size_t errlen)
{
	if (!client_options_timeout(ms, text))
		return 0;
	snprintf(err, errlen, "error: timeout %s is invalid (seconds or a time such as 2m, at most 24h)", text);
	return -1;
}

static int
parse_for(uint32_t *seconds, const char *text, char *err, size_t errlen)
{
	uint64_t ms;

	if (!duration_parse(&ms, text) && ms >= 1000 && ms / 1000 <= UINT32_MAX) {
		*seconds = (uint32_t)(ms / 1000);
		return 0;
	}
	snprintf(err, errlen, "error: --for %s is invalid (a time of at least a second, such as 90s, 30m or 2h)", text);
	return -1;
}

static enum client_action
take(struct client_options *options, int opt, char *err, size_t errlen)
{
	switch (opt) {
	case 1:
		options->words[options->n_words++] = optarg;
		break;
	case 'u':
		options->udp = true;
		break;
	case 'd':
		return parse_delay(&options->delay, optarg, err, errlen) ? CLIENT_STOP : CLIENT_KNOCK;
	case '4':
		options->family = NET_IPV4;
		break;
	case '6':
		options->family = NET_IPV6;
		break;
	case OPT_BOTH:
		options->family = NET_BOTH;
		break;
	case 's':
		options->source = optarg;
		break;
	case 'i':
		options->interface = optarg;
		break;
	case OPT_WAIT:
		options->wait = optarg;
		break;
	case OPT_TIMEOUT:
		return parse_timeout(&options->timeout, optarg, err, errlen) ? CLIENT_STOP : CLIENT_KNOCK;
	case OPT_PROXY:
		options->proxy = optarg;
		break;
	case OPT_PROFILE:
		options->profile = optarg;
		break;
	case OPT_LIST:
		return CLIENT_LIST;
	case OPT_FOR:
		return parse_for(&options->seconds, optarg, err, errlen) ? CLIENT_STOP : CLIENT_KNOCK;
	case OPT_PORT:
		options->port = optarg;
		break;
	case OPT_ADDRESS:
	case OPT_OTHER:
		options->address = optarg;
		options->other = opt == OPT_OTHER;
		break;
	case OPT_TOTP:
		options->totp = optarg;
		break;
	case OPT_CLOSE:
		options->action = SIGNER_CLOSE;
		break;
	case OPT_PROBE:
		options->action = SIGNER_PROBE;
		break;
	case OPT_ADD:
		options->add = optarg;
		break;
	case 'v':
		options->verbose = true;
		break;
	case 'V':
		return CLIENT_VERSION;
	case 'h':
		return CLIENT_HELP;
	default:
		return CLIENT_ERROR;
	}
	return CLIENT_KNOCK;
}

/* The words after "--" are the command. Without a word before it, "--" only ends the options, as in knockd 0.8. */
static void
take_rest(struct client_options *options, char **rest)
{
	if (!options->n_words && !options->profile) {
		while (*rest && strcmp(*rest, "--"))
			options->words[options->n_words++] = *rest++;
		if (*rest)
			rest++;
	}
	if (*rest)
		options->command = rest;
}

/* One word alone is a profile, two or more are a host and its ports. */
static enum client_action
sort_words(struct client_options *options, char *err, size_t errlen)
{
	if (options->add) {
		if (options->n_words == 1 && !options->profile) {
			options->host = options->words[0];
			return CLIENT_ADD;
		}
		snprintf(err, errlen, "error: --add needs a name and the line that begins with knock1:");
		return CLIENT_STOP;
	}
	if (options->profile && options->n_words) {
		snprintf(err, errlen, "error: unexpected word \"%s\": --profile sets host and ports",
			 options->words[0]);
		return CLIENT_STOP;
	}
	if (options->profile)
		return CLIENT_KNOCK;
	if (!options->n_words)
		return CLIENT_HELP;
	if (options->n_words == 1) {
		options->profile = options->words[0];
		options->bare = true;
		options->n_words = 0;
		return CLIENT_KNOCK;
	}
	options->host = options->words[0];
	options->n_words--;
	memmove(options->words, options->words + 1, options->n_words * sizeof(*options->words));
	return CLIENT_KNOCK;
}

static enum client_action
check(const struct client_options *options, char *err, size_t errlen)
{
	const char *wrong = NULL;

	if (options->proxy && options->command)
		wrong = "--proxy cannot be combined with a command";
	else if (options->proxy && options->wait)
		wrong = "--proxy cannot be combined with --wait: it waits for its own port";
	else if (options->action != SIGNER_OPEN && (options->proxy || options->wait))
		wrong = "--close and --probe open nothing: --wait and --proxy would wait in vain";
	else if (options->source && options->family == NET_BOTH)
		wrong = "--source cannot be combined with --both: it is of one family";
	if (!wrong)
		return CLIENT_KNOCK;
	snprintf(err, errlen, "error: %s", wrong);
	return CLIENT_STOP;
}

enum client_action
client_options_parse(struct client_options *options, int argc, char **argv, char *err, size_t errlen)
{
	enum client_action action = CLIENT_KNOCK;
	int opt;

	*options = (struct client_options){ .delay = -1, .timeout = -1 };
	options->words = calloc((size_t)argc + 1, sizeof(*options->words));
	if (!options->words) {
		snprintf(err, errlen, "error: out of memory");
		return CLIENT_STOP;
	}
	optind = 0; /* also resets getopt, for the tests */
	while (action == CLIENT_KNOCK && (opt = getopt_long(argc, argv, letters, names, NULL)) != -1)
		action = take(options, opt, err, errlen);
	if (action != CLIENT_KNOCK)
		return action;
	take_rest(options, argv + optind);
	action = sort_words(options, err, errlen);
	return action == CLIENT_KNOCK ? check(options, err, errlen) : action;
}

void
client_options_free(struct client_options *options)
{
	free(options->words);
	options->words = NULL;
}
