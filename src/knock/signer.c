/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signer.h"

#include <errno.h>
#include <netinet/in.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"
#include "counter.h"
#include "keyfile.h"
#include "lib/network.h"
#include "lib/text.h"
#include "signed/invitation.h"
#include "signed/sshsig.h"

struct signer {
	struct signer_setup setup;
	struct invitation server;
	struct keyfile key;
	int agent;                 /* -1: the key file has the secret */
	struct knock1_plain plain; /* of a security key's signature */
	bool is_signed;            /* ... which there is */
	bool warned;               /* see counter_next() */
	bool refused;              /* the agent has not signed, and is not asked again: perhaps it asks the user */
};

const char *
signer_check(const char *server, bool door)
{
	struct invitation read;
	const char *why;
	int failed = door ? invitation_parse(&read, server, &why) : invitation_parse_server(&read, server, &why);

	return failed ? why : NULL;
}

int
signer_names(const char *server, char *host, size_t hostlen, char *door, size_t doorlen)
{
	struct invitation read;
	const char *why;

	if (invitation_parse_server(&read, server, &why))
		return -1;
	return text_copy(host, hostlen, read.host) || text_copy(door, doorlen, read.door) ? -1 : 0;
}

/* ---- the key ------------------------------------------------------------------------------------ */

static int
open_key(struct signer *s, char *err, size_t errlen)
{
	bool any = !strcmp(s->setup.key, "agent");
	struct sshkey wanted;

	if (!any && keyfile_read(&s->key, s->setup.key, err, errlen))
		return -1;
	if (s->key.has_secret)
		return 0;
	s->agent = agent_open(err, errlen);
	wanted = s->key.key;
	return s->agent < 0 ? -1 : agent_find(s->agent, any ? NULL : &wanted, &s->key.key, err, errlen);
}

struct signer *
signer_open(const struct signer_setup *setup, char *err, size_t errlen)
{
	struct signer *s = calloc(1, sizeof(*s));
	const char *why = "out of memory";

	if (!s || knock1_start() || invitation_parse_server(&s->server, setup->server, &why)) {
		snprintf(err, errlen, "error: server: %s", why);
		free(s);
		return NULL;
	}
	s->setup = *setup;
	s->agent = -1;
	if (!open_key(s, err, errlen))
		return s;
	signer_free(s);
	return NULL;
}

void
signer_free(struct signer *s)
{
	if (!s)
		return;
	if (s->agent >= 0)
		close(s->agent);
	sodium_memzero(s, sizeof(*s));
	free(s);
}

/* ---- the statement ------------------------------------------------------------------------------ */

/*
 * Is this an address that a router on the way may replace by its own? Shared and private addresses: RFC 1918, RFC 6598,
 * RFC 3927, RFC 4193, RFC 4291; and loopback, for a server on this machine.
 */
static bool
is_private(const struct addr *ip)
{
	static const char *const networks[] = { "10.0.0.0/8",    "172.16.0.0/12",  "192.168.0.0/16",
						"100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8",
						"fc00::/7",      "fe80::/10",      "::1" };
	struct network network;

	for (size_t i = 0; i < sizeof(networks) / sizeof(networks[0]); i++)
		if (!network_parse(&network, networks[i]) && network_has(&network, ip))
			return true;
	return false;
}

static struct addr
addr_of(const struct sockaddr_storage *from)
{
	if (from->ss_family == AF_INET6)
		return addr_from_bytes(AF_INET6, &((const struct sockaddr_in6 *)from)->sin6_addr);
	return addr_from_bytes(AF_INET, &((const struct sockaddr_in *)from)->sin_addr);
}

static void
state_address(const struct signer *s, int fd, struct knock1_statement *statement)
{
	struct sockaddr_storage own = { .ss_family = 0 };
	socklen_t len = sizeof(own);

	if (s->setup.address.family) {
		statement->address = s->setup.address;
		statement->flags = s->setup.other ? KNOCK1_OTHER : KNOCK1_BOUND;
		return;
	}
	if (getsockname(fd, (struct sockaddr *)&own, &len))
		return;
	statement->address = addr_of(&own);
	statement->flags = KNOCK1_BOUND;
	if (is_private(&statement->address) || !addr_is_host(&statement->address)) {
		statement->address = (struct addr){ .family = 0 };
		statement->flags = 0;
	}
}

static void
state(struct signer *s, int fd, uint8_t bytes[static KNOCK1_STATEMENT_LEN])
{
	static const enum knock1_action actions[] = { KNOCK1_OPEN, KNOCK1_CLOSE, KNOCK1_PROBE };
	struct knock1_statement statement = { .action = actions[s->setup.action],
					      .proto = s->setup.port ? s->setup.proto : 0,
					      .port = s->setup.port,
					      .seconds = s->setup.seconds };

	knock1_door_id(s->setup.door ? s->setup.door : s->server.door, statement.door);
	state_address(s, fd, &statement);
	if (s->setup.has_code) {
		statement.flags |= KNOCK1_TOTP;
		statement.totp = s->setup.code;
	}
	statement.counter = counter_next(s->setup.counter, &s->warned);
	knock1_write_statement(&statement, bytes);
}

/* ---- the packet --------------------------------------------------------------------------------- */

static int
sign(struct signer *s, int fd, struct knock1_plain *plain)
{
	uint8_t bytes[SSHSIG_LEN];
	char err[256];

	*plain = (struct knock1_plain){ .fido_flags = 0 };
	knock1_key_id(s->key.key.public_key, plain->key_id);
	state(s, fd, plain->statement);
	sshsig_signed(s->server.site.public_key, plain->statement, bytes);
	if (s->key.has_secret)
		return crypto_sign_detached(plain->signature, NULL, bytes, sizeof(bytes), s->key.secret);
	if (s->key.key.fido)
		fprintf(stderr, "knock: touch the security key\n");
	if (!agent_sign(s->agent, &s->key.key, bytes, sizeof(bytes), plain, err, sizeof(err)))
		return 0;
	fprintf(stderr, "%s\n", err);
	s->refused = true;
	errno = EACCES;
	return -1;
}

static int
make(struct signer *s, int fd, uint8_t packet[static KNOCK1_LEN + KNOCK1_TAIL_MAX], size_t *len)
{
	struct knock1_plain plain = s->plain;
	uint8_t bytes[KNOCK1_PLAIN_LEN];

	errno = EACCES;
	if (s->refused || (!s->is_signed && sign(s, fd, &plain)))
		return -1;
	if (s->key.key.fido) {
		s->plain = plain;
		s->is_signed = true;
	}
	knock1_write_plain(&plain, bytes);
	errno = EINVAL; /* of a server key that is no curve point */
	if (knock1_seal(packet, &s->server.site, bytes))
		return -1;
	*len = KNOCK1_LEN + randombytes_uniform(KNOCK1_TAIL_MAX + 1);
	randombytes_buf(packet + KNOCK1_LEN, *len - KNOCK1_LEN);
	return 0;
}

bool
signer_refused(const struct signer *s)
{
	return s && s->refused;
}

int
signer_send(struct signer *s, const struct place *place, const struct origin *origin)
{
	uint16_t port =
	    (uint16_t)(s->server.port + randombytes_uniform((uint32_t)(s->server.last - s->server.port) + 1));
	uint8_t packet[KNOCK1_LEN + KNOCK1_TAIL_MAX];
	int fd = net_socket(origin, place, SOCK_DGRAM), failed, saved;
	size_t len = 0;

	if (fd < 0)
		return -1;
	failed = net_connect(fd, place, port) || make(s, fd, packet, &len) || send(fd, packet, len, 0) != (ssize_t)len;
	saved = errno;
	close(fd);
	errno = saved;
	return failed ? -1 : 0;
}
