/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gate.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "lib/limiter.h"
#include "lib/network.h"
#include "lib/siphash.h"
#include "signed/knock1.h"
#include "signed/serverkey.h"

#define REPEATS  4096 /* recent tags; a power of two, like the next ones */
#define NETWORKS 4096 /* source networks and keys that share a place share its limit */
#define KEYS     1024

_Static_assert(EVENT_PLAIN_LEN == KNOCK1_PLAIN_LEN, "the event holds the plaintext");

struct repeat {
	uint8_t tag[KNOCK1_TAG_LEN];
	uint64_t source; /* a hash of its address */
	bool elsewhere;  /* has come from another address, and was opened once more for the parent to tell of it */
};

struct name {
	uint8_t id[KNOCK1_ID_LEN];
	uint32_t door;
};

struct gate {
	const struct conf *conf;
	const struct serverkeys *server;
	uint8_t secret[16];
	uint64_t ports[65536 / 64];
	struct limiter all;
	struct limiter networks[NETWORKS];
	struct limiter keys[KEYS];
	struct repeat repeats[REPEATS];
	struct name *names; /* of doors with signed knocks */
	size_t n_names;
};

bool
gate_is_needed(const struct conf *conf)
{
	for (size_t i = 0; i < conf->n_doors; i++)
		if (seq_auth(&conf->doors[i].seq))
			return true;
	return false;
}

static void
add_door(struct gate *gate, uint32_t door)
{
	const struct knock_port *auth = seq_auth(&gate->conf->doors[door].seq);
	struct name *name;

	if (!auth)
		return;
	for (uint32_t port = auth->port; port <= auth->last; port++)
		gate->ports[port / 64] |= UINT64_C(1) << port % 64;
	name = &gate->names[gate->n_names++];
	name->door = door;
	knock1_door_id(gate->conf->doors[door].name, name->id);
}

struct gate *
gate_new(const struct conf *conf, const uint8_t secret[static 16], uint64_t now)
{
	struct gate *gate = calloc(1, sizeof(*gate));

	if (!gate)
		return NULL;
	gate->conf = conf;
	gate->server = conf->server;
	memcpy(gate->secret, secret, sizeof(gate->secret));
	gate->names = calloc(conf->n_doors + 1, sizeof(*gate->names));
	if (!gate->names) {
		gate_free(gate);
		return NULL;
	}
	limiter_init(&gate->all, EVENT_AUTH_BURST, now);
	for (size_t i = 0; i < NETWORKS; i++)
		limiter_init(&gate->networks[i], GATE_NETWORK_BURST, now);
	for (size_t i = 0; i < KEYS; i++)
		limiter_init(&gate->keys[i], GATE_KEY_BURST, now);
	for (uint32_t i = 0; i < conf->n_doors; i++)
		add_door(gate, i);
	return gate;
}

void
gate_free(struct gate *gate)
{
	if (gate)
		free(gate->names);
	free(gate);
}

bool
gate_wants(const struct gate *gate, const struct packet *packet)
{
	return gate && packet->proto == IPPROTO_UDP && packet->payload_len >= KNOCK1_LEN &&
	       packet->payload_len <= KNOCK1_LEN + KNOCK1_TAIL_MAX &&
	       gate->ports[packet->dst_port / 64] >> packet->dst_port % 64 & 1;
}

/* ---- the steps of gate_open() -------------------------------------------------------------------- */

static const struct serverkey *
find_key(const struct gate *gate, const uint8_t *wire)
{
	for (size_t i = 0; i < gate->server->n; i++)
		if (knock1_has_tag(&gate->server->at[i].site, wire))
			return &gate->server->at[i];
	return NULL;
}

/* Tags are evenly distributed: each is its own hash. */
static bool
is_repeated(struct gate *gate, const struct addr *ip, const uint8_t *wire)
{
	const uint8_t *tag = wire + KNOCK1_LEN - KNOCK1_TAG_LEN;
	struct repeat *repeat = &gate->repeats[(tag[0] << 8 | tag[1]) % REPEATS];
	uint64_t source = siphash(gate->secret, ip, sizeof(*ip));
	bool other;

	if (memcmp(repeat->tag, tag, sizeof(repeat->tag))) {
		memcpy(repeat->tag, tag, sizeof(repeat->tag));
		repeat->source = source;
		repeat->elsewhere = false;
		return false;
	}
	other = repeat->source != source && !repeat->elsewhere;
	repeat->elsewhere |= other;
	return !other;
}

static bool
is_too_many(struct gate *gate, const struct addr *ip, uint64_t now)
{
	struct network network = network_around(ip, ip->family == AF_INET6 ? 56 : 24);
	uint64_t hash = siphash(gate->secret, &network.addr, sizeof(network.addr));

	return !limiter_pass(&gate->networks[hash % NETWORKS], GATE_NETWORK_BURST, GATE_NETWORK_PER_SECOND, now) ||
	       !limiter_pass(&gate->all, EVENT_AUTH_BURST, EVENT_AUTH_PER_SECOND, now);
}

static bool
is_key_too_busy(struct gate *gate, const uint8_t *plain, uint64_t now)
{
	uint64_t hash = siphash(gate->secret, plain, KNOCK1_ID_LEN);

	return !limiter_pass(&gate->keys[hash % KEYS], GATE_KEY_BURST, GATE_KEY_PER_SECOND, now);
}

static uint32_t
find_door(const struct gate *gate, const uint8_t *plain)
{
	struct knock1_plain read;
	struct knock1_statement statement;

	if (!knock1_read_plain(&read, plain) && !knock1_read_statement(&statement, read.statement))
		for (size_t i = 0; i < gate->n_names; i++)
			if (!memcmp(gate->names[i].id, statement.door, KNOCK1_ID_LEN))
				return gate->names[i].door;
	return (uint32_t)gate->conf->n_doors;
}

enum outcome { OPENED, GARBAGE, REPEATED, LIMITED };

static enum outcome
pass(struct gate *gate, const struct packet *packet, const uint8_t *wire, uint64_t now, uint8_t *plain)
{
	const struct serverkey *key = find_key(gate, wire);

	if (!key)
		return GARBAGE;
	if (is_repeated(gate, &packet->src, wire))
		return REPEATED;
	if (is_too_many(gate, &packet->src, now))
		return LIMITED;
	if (knock1_open(plain, &key->site, key->secret_key, wire))
		return GARBAGE;
	return is_key_too_busy(gate, plain, now) ? LIMITED : OPENED;
}

bool
gate_open(struct gate *gate, const struct packet *packet, const uint8_t *wire, uint64_t now, struct counters *counters,
	  struct event *event)
{
	switch (pass(gate, packet, wire, now, event->plain)) {
	case GARBAGE:
		counters->auth_garbage++;
		return false;
	case REPEATED:
		counters->auth_repeated++;
		return false;
	case LIMITED:
		counters->auth_limited++;
		return false;
	case OPENED:
		break;
	}
	counters->auth_opened++;
	event->source = packet->src;
	event->door = find_door(gate, event->plain);
	return true;
}
