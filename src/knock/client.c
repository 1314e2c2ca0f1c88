/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "code.h"
#include "hit.h"
#include "lib/onetime.h"
#include "lib/streams.h"
#include "net.h"
#include "profile.h"
#include "proxy.h"
#include "wait.h"

struct client {
	const struct client_options *options;
	char config[PATH_MAX];
	struct profiles profiles;
	const struct profile *profile; /* NULL: not used */
	char one_time_path[PATH_MAX];
	struct onetime one_time; /* line 0: none */
	struct signer *signer;   /* NULL: no signed knock */
	char key_path[PATH_MAX], counter_path[PATH_MAX];
	struct hits hits;
	bool has_code; /* hits.code */
	struct places places;
	struct origin origin;
	struct waiting waiting; /* door.port 0: nothing to wait for */
	struct knocking knocking;
};

static void
report(void *arg, const char *text)
{
	(void)arg;
	fprintf(stderr, "error: %s\n", text);
}

static void
report_one_time(void *arg, unsigned long line, const char *reason)
{
	const struct client *client = arg;

	fprintf(stderr, "warning: %s: line %lu: %s\n", client->one_time_path, line, reason);
}

static int
load_profiles(struct client *client)
{
	if (profiles_path(client->config, sizeof(client->config))) {
		fprintf(stderr, "error: no home directory, so no profiles\n");
		return -1;
	}
	return profiles_load(&client->profiles, client->config, report, NULL);
}

/* `why`: there is no file. One word alone is a profile's name, but in `knock --wait HOST PORT` it is a port. */
static int
tell_missing(const struct client *client, const char *why)
{
	const struct client_options *options = client->options;
	const char *name = options->profile, *port = options->wait ? options->wait : options->proxy;

	if (options->bare && port && !name[strspn(name, "0123456789")])
		fprintf(stderr, "error: no host given: --%s takes \"%s\" as the port\n",
			options->wait ? "wait" : "proxy", port);
	else
		fprintf(stderr, "error: %sno profile \"%s\" in %s%s%s\n", options->bare ? "no ports given, and " : "",
			name, client->config, why ? ": " : "", why ? why : "");
	return -1;
}

static int
choose_profile(struct client *client)
{
	const char *name = client->options->profile;

	if (!name)
		return 0;
	if (client->options->bare && !profiles_path(client->config, sizeof(client->config)) &&
	    access(client->config, F_OK))
		return tell_missing(client, strerror(errno));
	if (load_profiles(client))
		return -1;
	client->profile = profiles_find(&client->profiles, name);
	return client->profile ? 0 : tell_missing(client, NULL);
}

/* The file must be as private as the profiles. */
static int
check_private(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	const char *refused = fd < 0 ? strerror(errno) : profile_file_refused(fd);

	if (fd >= 0)
		close(fd);
	if (!refused)
		return 0;
	fprintf(stderr, "error: %s: %s\n", path, refused);
	return -1;
}

/* Takes the next one-time sequence, and only if it can be marked afterwards. */
static int
take_one_time(struct client *client)
{
	char *path = client->one_time_path;
	ssize_t n;

	if (profile_expand(client->profile->one_time, client->config, path, sizeof(client->one_time_path))) {
		fprintf(stderr, "error: path of the one-time sequences is too long\n");
		return -1;
	}
	if (check_private(path))
		return -1;
	n = onetime_read(path, &client->one_time, 1, report_one_time, client);
	if (n > 0 && onetime_check(path, &client->one_time.seq) == 0)
		return hits_set(&client->hits, &client->one_time.seq, client->options->udp, NULL);
	fprintf(stderr, "error: %s: %s\n", path, n == 0 ? "no sequence is left" : strerror(errno));
	return -1;
}

static int
type_hits(struct client *client)
{
	const struct client_options *options = client->options;
	char err[256];

	for (size_t i = 0; i < options->n_words; i++) {
		switch (hits_add(&client->hits, options->words[i], options->udp, err, sizeof(err))) {
		case HIT_OK:
			break;
		case HIT_BAD:
			fprintf(stderr, "%s\n", err);
			return -1;
		case HIT_UNKNOWN:
			fprintf(stderr, "Failed to resolve hostname '%s' on port %s\n", options->host,
				client->hits.at[client->hits.n].word);
			fprintf(stderr, "getaddrinfo: %s\n", err);
			return -1;
		}
	}
	return 0;
}

/* Without a key in the profile: the agent's, or the file that ssh-keygen makes. */
static const char *
choose_key(struct client *client)
{
	const char *key = client->profile->key, *agent = getenv("SSH_AUTH_SOCK");

	if (!key)
		key = agent && *agent ? "agent" : "~/.ssh/id_ed25519";
	if (!strcmp(key, "agent"))
		return key;
	if (!profile_expand(key, client->config, client->key_path, sizeof(client->key_path)))
		return client->key_path;
	fprintf(stderr, "error: path of the key is too long\n");
	return NULL;
}

static int
set_request(const struct client_options *options, struct signer_setup *setup)
{
	struct hit port = { .port = 0 };
	char err[256] = "";

	if (options->port && hit_parse(&port, options->port, false, err, sizeof(err)) != HIT_OK)
		fprintf(stderr, "error: --port %s: %s\n", options->port, err);
	else if (options->address && addr_parse(&setup->address, options->address))
		fprintf(stderr, "error: address \"%s\" is not an IPv4 or IPv6 address\n", options->address);
	else {
		setup->port = port.port;
		setup->proto = port.proto;
		return 0;
	}
	return -1;
}

static int
open_signer(struct client *client)
{
	const struct client_options *options = client->options;
	const struct profile *profile = client->profile;
	struct signer_setup setup = { .server = profile->server,
				      .door = profile->door,
				      .key = choose_key(client),
				      .counter = client->counter_path,
				      .action = options->action,
				      .seconds = options->seconds,
				      .other = options->other,
				      .has_code = client->has_code,
				      .code = client->hits.code };
	char err[PATH_MAX + 256];

	if (!setup.key || set_request(options, &setup))
		return -1;
	if (profiles_state_path(client->counter_path, sizeof(client->counter_path), "knock/counter")) {
		fprintf(stderr, "error: no home directory, so no counter of knocks\n");
		return -1;
	}
	client->signer = signer_open(&setup, err, sizeof(err));
	if (client->signer)
		return 0;
	fprintf(stderr, "%s\n", err);
	return -1;
}

/* The options that only a signed knock can carry. */
static int
check_request(const struct client *client)
{
	const struct client_options *o = client->options;

	if ((client->profile && client->profile->server) ||
	    (!o->seconds && !o->port && !o->address && o->action == SIGNER_OPEN))
		return 0;
	fprintf(stderr, "error: --for, --port, --address, --other-address, --close and --probe are for signed knocks, "
			"which need a profile with server\n");
	return -1;
}

static bool
needs_code(const struct client *client)
{
	const struct client_options *options = client->options;

	if (client->profile)
		return client->profile->totp || seq_code(&client->profile->seq);
	for (size_t i = 0; i < options->n_words; i++)
		if (hits_need_code(options->words[i]))
			return true;
	return false;
}

/* A signed knock may carry a code that its profile does not tell of. */
static int
take_code(struct client *client)
{
	const char *given = client->options->totp;

	client->has_code = needs_code(client) || (given && client->profile && client->profile->server);
	if (client->has_code)
		return code_take(&client->hits.code, given);
	if (!given)
		return 0;
	fprintf(stderr, "error: --totp: no part of the sequence is PORT:totp\n");
	return -1;
}

static int
collect_hits(struct client *client)
{
	if (take_code(client))
		return -1;
	if (!client->profile)
		return type_hits(client);
	if (client->profile->one_time)
		return take_one_time(client);
	if (client->profile->server && open_signer(client))
		return -1;
	return hits_set(&client->hits, &client->profile->seq, client->options->udp, client->signer);
}

/* The port behind the door: --proxy's, --wait's or the profile's. */
static int
choose_door(struct client *client)
{
	const struct client_options *options = client->options;
	const char *text = options->proxy ? options->proxy : options->wait;
	struct hit *door = &client->waiting.door;
	char err[256];

	if (!text && client->profile && options->action == SIGNER_OPEN)
		text = client->profile->wait;
	if (!text)
		return 0;
	switch (hit_parse(door, text, false, err, sizeof(err))) {
	case HIT_OK:
		if (!options->proxy || door->proto == IPPROTO_TCP)
			return 0;
		fprintf(stderr, "error: --proxy is for TCP\n");
		return -1;
	case HIT_BAD:
		fprintf(stderr, "%s\n", err);
		return -1;
	case HIT_UNKNOWN:
		fprintf(stderr, "error: port %s is unknown: %s\n", door->word, err);
		return -1;
	}
	return -1;
}

/* The options -s, -4, -6 and --both say which addresses to use, instead of the profile's source and both. */
static const char *
choose_source(const struct client *client)
{
	const struct client_options *options = client->options;

	return options->source || options->family != NET_ANY || !client->profile ? options->source
										 : client->profile->source;
}

static int
choose_origin(struct client *client)
{
	char err[256];

	if (!net_origin(&client->origin, choose_source(client), client->options->interface, err, sizeof(err)))
		return 0;
	fprintf(stderr, "%s\n", err);
	return -1;
}

/* Without an option for it, the source address or the profile decides. */
static enum net_family
choose_family(const struct client *client)
{
	enum net_family family = client->options->family;

	if (family != NET_ANY)
		return family;
	if (client->origin.source.len)
		return client->origin.source.addr.ss_family == AF_INET6 ? NET_IPV6 : NET_IPV4;
	return client->profile && client->profile->both ? NET_BOTH : NET_ANY;
}

/* The kernel would send nothing from a source address to one of the other family. */
static int
check_family(const struct client *client)
{
	const struct place *source = &client->origin.source;

	if (!source->len || source->addr.ss_family == client->places.at[0].addr.ss_family)
		return 0;
	fprintf(stderr, "error: source %s and %s are not of one family\n", source->text, client->places.at[0].text);
	return -1;
}

static int
check_source(const struct client *client)
{
	size_t n = client->waiting.door.port ? client->places.n : client->places.first;

	for (size_t i = 0; i < n; i++) {
		if (!net_strands(&client->places.at[i], &client->origin))
			return 0;
	}
	fprintf(stderr, "error: source %s reaches this machine alone, and %s is another one\n",
		client->origin.source.text, client->places.at[0].text);
	return -1;
}

static int
resolve(struct client *client)
{
	const char *host = client->profile ? client->profile->host : client->options->host;
	int rc = net_resolve(&client->places, host, choose_family(client));

	if (!rc)
		return 0;
	if (client->hits.secret)
		fprintf(stderr, "Failed to resolve hostname '%s'\n", host);
	else
		fprintf(stderr, "Failed to resolve hostname '%s' on port %s\n", host, client->hits.at[0].word);
	fprintf(stderr, "getaddrinfo: %s\n", rc == EAI_SYSTEM ? strerror(errno) : gai_strerror(rc));
	return -1;
}

/*
 * The kernel sends nothing to such an address. With a wait, another address of the name will do. knockd 0.8 knocks in
 * vain, so without a wait this is no error.
 */
static int
check_link(const struct client *client)
{
	bool waits = client->waiting.door.port;
	size_t n = waits ? client->places.n : client->places.first;
	const char *text = client->places.at[0].text;

	for (size_t i = 0; i < n; i++) {
		if (!net_lacks_link(&client->places.at[i], &client->origin))
			return 0;
	}
	fprintf(stderr, "%s: %s is a link-local address: name its link, as in %s%%eth0, or use --interface\n",
		waits ? "error" : "warning", text, text);
	return waits ? -1 : 0;
}

/* With --proxy standard output carries the connection: verbose lines go to stderr. */
static void
set_knocking(struct client *client)
{
	const struct client_options *options = client->options;
	int64_t delay = options->delay, timeout = options->timeout;

	if (delay < 0 && client->profile)
		delay = client->profile->delay;
	if (timeout < 0 && client->profile)
		timeout = client->profile->timeout;
	client->knocking = (struct knocking){
		.hits = &client->hits,
		.origin = &client->origin,
		.delay = delay > 0 ? delay : 0,
		.verbose = !options->verbose ? NULL
			   : options->proxy  ? stderr
					     : stdout,
	};
	client->waiting.knocking = &client->knocking;
	client->waiting.places = &client->places;
	client->waiting.timeout = timeout < 0 ? CLIENT_TIMEOUT_DEFAULT : timeout;
}

static int
prepare(struct client *client)
{
	if (choose_profile(client) || check_request(client) || choose_door(client) || choose_origin(client))
		return -1;
	if (collect_hits(client) || resolve(client) || check_family(client) || check_link(client) ||
	    check_source(client))
		return -1;
	set_knocking(client);
	return 0;
}

/* Failure is a warning: the knock has been sent. */
static void
mark_one_time(const struct client *client)
{
	if (!client->one_time.line || !onetime_mark(client->one_time_path, &client->one_time.seq))
		return;
	fprintf(stderr, "warning: %s: line %lu was used but could not be marked: %s\n", client->one_time_path,
		client->one_time.line, strerror(errno));
}

static int
stay_shut(const struct client *client)
{
	char text[PLACES_MAX * PLACE_TEXT_MAX + 256];

	fprintf(stderr, "knock: %s\n", wait_explain(&client->waiting, text, sizeof(text)));
	if (client->one_time.line)
		fprintf(stderr, "knock: %s: line %lu is not marked; mark it with # if the server accepted it\n",
			client->one_time_path, client->one_time.line);
	return CLIENT_EXIT_SHUT;
}

static int
run_command(char **command)
{
	int err;

	fflush(stdout);
	execvp(*command, command);
	err = errno;
	fprintf(stderr, "knock: %s: %s\n", *command, strerror(err));
	return err == ENOENT ? 127 : 126;
}

/* The connection counts as the open door when it has carried a byte: a proxy before the host may accept any. */
static int
run_proxy(struct client *client)
{
	struct proxy proxy;
	int sock = wait_open(&client->waiting);

	signal(SIGPIPE, SIG_IGN);
	proxy_start(&proxy, STDIN_FILENO, STDOUT_FILENO);
	while (sock >= 0 && proxy_begin(&proxy, sock) && !wait_over(&client->waiting)) {
		close(sock);
		client->waiting.closed = true;
		sock = wait_open(&client->waiting);
	}
	if (sock < 0)
		return stay_shut(client);
	mark_one_time(client);
	if (proxy_run(&proxy) == 0)
		return 0;
	fprintf(stderr, "knock: %s: %s\n", client->waiting.open->text, strerror(errno));
	return CLIENT_EXIT_ERROR;
}

/*
 * Marks a one-time sequence when the door was seen open or, without a wait, when the knock was sent. A lost knock must
 * not put this file one line ahead of the server's.
 */
static int
run(struct client *client)
{
	const struct client_options *options = client->options;
	size_t sent = wait_knock(&client->waiting);
	int sock = -1;

	if (options->proxy)
		return run_proxy(client);
	if (client->waiting.door.port) {
		sock = wait_open(&client->waiting);
		if (sock < 0)
			return stay_shut(client);
	} else {
		wait_refused(&client->waiting);
		if (signer_refused(client->signer))
			return CLIENT_EXIT_ERROR;
	}
	if (sock >= 0 || sent)
		mark_one_time(client);
	if (sock >= 0)
		close(sock);
	return options->command ? run_command(options->command) : 0;
}

int
client_knock(const struct client_options *options)
{
	struct client client = { .options = options };
	int status;

	streams_fill();
	status = prepare(&client) ? CLIENT_EXIT_ERROR : run(&client);
	hits_free(&client.hits);
	signer_free(client.signer);
	profiles_free(&client.profiles);
	return status;
}

int
client_add(const struct client_options *options)
{
	char path[PATH_MAX];

	if (profiles_path(path, sizeof(path))) {
		fprintf(stderr, "error: no home directory, so no profiles\n");
		return CLIENT_EXIT_ERROR;
	}
	if (profiles_add(path, options->add, options->host, report, NULL))
		return CLIENT_EXIT_ERROR;
	printf("%s has the profile %s: knock %s\n", path, options->add, options->add);
	return 0;
}

int
client_list(void)
{
	struct client client = { .options = NULL };
	int rc = load_profiles(&client);

	for (size_t i = 0; rc == 0 && i < client.profiles.n; i++)
		printf("%s\t%s\n", client.profiles.at[i].name, client.profiles.at[i].host);
	profiles_free(&client.profiles);
	return rc ? CLIENT_EXIT_ERROR : 0;
}
