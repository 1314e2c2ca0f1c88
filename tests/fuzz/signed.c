/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A signed knock, of any bytes. The first byte says what the sender has: bit 0 the site key, so that the tag is right,
 * bit 1 the server's public key, so that any plaintext is sealed, bit 2 a user's key, so that any statement is signed.
 * The parent also gets the rest as the plaintext of an engine that an attacker has taken over.
 */
#include "fuzz.h"

#include <netinet/in.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "access/judge.h"
#include "engine/gate.h"
#include "lib/log.h"
#include "lib/moment.h"
#include "signed/authorized.h"
#include "signed/serverkey.h"
#include "signed/sshsig.h"

enum { HAS_TAG = 1, HAS_SEAL = 2, HAS_SIGNATURE = 4 };

static struct serverkeys server;
static struct door doors[3];
static struct conf conf = { .doors = doors, .n_doors = 3, .server = &server, .max_attempts = 16 };
static uint8_t user_public[32], user_secret[64];
static char users_name[] = "keys";

/* The user's line in a file. */
static FILE *
users_file(void)
{
	struct sshkey key = { .fido = false };
	uint8_t blob[SSHKEY_BLOB_MAX];
	char text[512];
	FILE *file = tmpfile();

	HOLDS(file);
	memcpy(key.public_key, user_public, sizeof(key.public_key));
	sodium_bin2base64(text, sizeof(text), blob, sshkey_write_blob(&key, blob), sodium_base64_VARIANT_ORIGINAL);
	fprintf(file, "other-address ssh-ed25519 %s alice\n", text);
	rewind(file);
	return file;
}

static void
set_up(void)
{
	uint8_t seed[32] = { 3 };

	if (server.n)
		return;
	HOLDS(!knock1_start());
	server.n = 1;
	memset(server.at[0].secret_key, 1, 32);
	crypto_scalarmult_base(server.at[0].site.public_key, server.at[0].secret_key);
	knock1_derive(&server.at[0].site);
	crypto_sign_seed_keypair(user_public, user_secret, seed);
	HOLDS(!seq_parse_door(&doors[0].seq, "62201:auth", NULL) &&
	      !seq_parse_door(&doors[1].seq, "1,62201:auth", NULL) && !seq_parse_door(&doors[2].seq, "7", NULL));
	for (int i = 0; i < 3; i++)
		snprintf(doors[i].name, sizeof(doors[i].name), "%c", 'a' + i);
	HOLDS(!seq_parse(&doors[0].open, "22,53:udp", NULL));
	doors[0].open_timeout_ms = 30000;
	doors[0].max_time_ms = 3600000;
	conf.max_ahead_ms = UINT64_C(1) << 50;
	conf.max_age_ms = UINT64_C(1) << 60;
	conf.authorized_keys = users_name;
}

static void
sign(uint8_t *plain, bool with_key)
{
	uint8_t bytes[SSHSIG_LEN];

	if (!with_key)
		return;
	knock1_key_id(user_public, plain);
	sshsig_signed(server.at[0].site.public_key, plain + 8, bytes);
	crypto_sign_detached(plain + 56, NULL, bytes, sizeof(bytes), user_secret);
	memset(plain + 120, 0, 8);
}

static void
judge(const struct event *event, bool is_signed)
{
	struct log log;
	struct judge *j;
	struct judge_verdict verdict;
	FILE *file = users_file();
	enum judge_word word;

	log_init(&log);
	log.detached = true; /* nothing is printed */
	j = judge_new(&log, NULL);
	HOLDS(j && !judge_read_users(j, dup(fileno(file)), geteuid(), &conf));
	judge_keep_in(j, NULL);
	word = judge_decide(j, &conf, event, &verdict);
	HOLDS(is_signed || word == JUDGE_REFUSED);
	if (word != JUDGE_REFUSED && word != JUDGE_PROBE) {
		HOLDS(verdict.door < 2 && addr_is_host(&verdict.ip) && verdict.ask.time_ms <= 3600000);
		HOLDS(!strcmp(verdict.ask.user, "alice") && event->stage == doors[verdict.door].seq.n);
		HOLDS(judge_decide(j, &conf, event, &verdict) == JUDGE_REFUSED); /* not twice */
	}
	judge_free(j);
	fclose(file);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t secret[16] = { 9 };
	struct packet packet = { .proto = IPPROTO_UDP, .dst_port = 62201, .payload_len = KNOCK1_LEN };
	uint8_t wire[KNOCK1_LEN] = { 0 }, plain[KNOCK1_PLAIN_LEN] = { 0 };
	struct event event = { .kind = EVENT_AUTH };
	struct counters counters = { 0 };
	struct gate *gate;
	uint8_t has = size ? *data : 0;
	bool opened;

	set_up();
	HOLDS(!addr_parse(&packet.src, "192.0.2.1"));
	if (size > 1) {
		memcpy(wire, data + 1, size - 1 < sizeof(wire) ? size - 1 : sizeof(wire));
		memcpy(plain, data + 1, size - 1 < sizeof(plain) ? size - 1 : sizeof(plain));
	}
	sign(plain, has & HAS_SIGNATURE);
	if (has & HAS_SEAL)
		HOLDS(!knock1_seal(wire, &server.at[0].site, plain));
	else if (has & HAS_TAG)
		crypto_shorthash(wire + KNOCK1_LEN - KNOCK1_TAG_LEN, wire, KNOCK1_LEN - KNOCK1_TAG_LEN,
				 server.at[0].site.tag_key);
	gate = gate_new(&conf, secret, 0);
	HOLDS(gate && gate_is_needed(&conf) && gate_wants(gate, &packet));
	opened = gate_open(gate, &packet, wire, 0, &counters, &event);
	HOLDS(opened == ((has & HAS_SEAL) != 0));
	HOLDS(!gate_open(gate, &packet, wire, 0, &counters, &(struct event){ .kind = EVENT_AUTH }));
	gate_free(gate);
	if (opened) {
		HOLDS(!memcmp(event.plain, plain, sizeof(plain)) && event.door <= conf.n_doors);
		event.stage = event.door < conf.n_doors ? (uint32_t)doors[event.door].seq.n : 0;
		HOLDS(event_valid(&event, conf.n_doors));
	} else {
		event.source = packet.src;
		event.door = has % 4;
		event.stage = has / 8 % 4;
		memcpy(event.plain, plain, sizeof(plain));
	}
	judge(&event, has & HAS_SIGNATURE);
	return 0;
}
