/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signed knocks for tests:
 *
 *   signed invite KEY HOST PORT[-PORT] DOOR
 *	the line for a user of the server with this key (the word after knock1-key)
 *   signed pack INVITATION FILE [NAME=VALUE]...
 *	a knock in hexadecimal. NAME: counter (us), ahead (ms, of the clock), address, action, flags, seconds, port,
 *	proto, flip (a bit of the plaintext), spoil (a bit of the statement, before it is signed)
 *   signed packs INVITATION FILE N
 *	so many knocks, a line "hex:..." each, for tests/bench/knocker
 *   signed send HOST PORT HEX [TIMES]
 *   signed insider INVITATION MILLISECONDS
 *	garbage with the right tag, as fast as possible; prints "PACKETS NANOSECONDS 0"
 *   signed random HOST PORT TIMES
 *	so many datagrams of garbage, as fast as possible
 */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "config.h"

#ifdef HAVE_SODIUM

#include <sodium.h>

#include "knock/keyfile.h"
#include "signed/invitation.h"
#include "signed/serverkey.h"
#include "signed/sshsig.h"

static _Noreturn void
die(const char *why)
{
	fprintf(stderr, "signed: %s\n", why);
	exit(1);
}

static int
invite(char **argv)
{
	struct invitation i = { .port = 0 };
	struct serverkey key;
	char line[256], text[INVITATION_LEN], *dash = strchr(argv[2], '-');

	snprintf(line, sizeof(line), "knock1-key %s", argv[0]);
	if (serverkey_parse(&key, line))
		die("no key");
	i.site = key.site;
	snprintf(i.host, sizeof(i.host), "%s", argv[1]);
	snprintf(i.door, sizeof(i.door), "%s", argv[3]);
	i.port = (uint16_t)atoi(argv[2]);
	i.last = dash ? (uint16_t)atoi(dash + 1) : i.port;
	puts(invitation_format(&i, text));
	return 0;
}

struct wishes {
	struct knock1_statement statement;
	int flip, spoil;
};

static void
wish(struct wishes *w, const char *text)
{
	const char *value = strchr(text, '=') + 1;
	long long n = atoll(value);

	if (!strncmp(text, "counter=", 8))
		w->statement.counter = (uint64_t)n;
	else if (!strncmp(text, "ahead=", 6))
		w->statement.counter += (uint64_t)(n * 1000);
	else if (!strncmp(text, "address=", 8))
		addr_parse(&w->statement.address, value);
	else if (!strncmp(text, "action=", 7))
		w->statement.action = (enum knock1_action)n;
	else if (!strncmp(text, "flags=", 6))
		w->statement.flags = (uint8_t)n;
	else if (!strncmp(text, "seconds=", 8))
		w->statement.seconds = (uint32_t)n;
	else if (!strncmp(text, "port=", 5))
		w->statement.port = (uint16_t)n;
	else if (!strncmp(text, "proto=", 6))
		w->statement.proto = (uint8_t)n;
	else if (!strncmp(text, "flip=", 5))
		w->flip = (int)n;
	else if (!strncmp(text, "spoil=", 6))
		w->spoil = (int)n;
	else
		die(text);
}

static void
make(const struct invitation *i, const struct keyfile *key, const struct wishes *w, uint8_t wire[static KNOCK1_LEN])
{
	struct knock1_plain plain = { .fido_flags = 0 };
	uint8_t bytes[SSHSIG_LEN], whole[KNOCK1_PLAIN_LEN];

	knock1_key_id(key->key.public_key, plain.key_id);
	knock1_write_statement(&w->statement, plain.statement);
	if (w->spoil >= 0)
		plain.statement[w->spoil / 8] ^= (uint8_t)(1 << w->spoil % 8);
	sshsig_signed(i->site.public_key, plain.statement, bytes);
	crypto_sign_detached(plain.signature, NULL, bytes, sizeof(bytes), key->secret);
	knock1_write_plain(&plain, whole);
	if (w->flip >= 0)
		whole[w->flip / 8] ^= (uint8_t)(1 << w->flip % 8);
	if (knock1_seal(wire, &i->site, whole))
		die("no seal");
}

static int
pack(char **argv)
{
	struct wishes w = { .flip = -1, .spoil = -1 };
	struct invitation i;
	struct keyfile key;
	struct timespec now;
	const char *why;
	char err[256], text[2 * KNOCK1_LEN + 1];
	uint8_t wire[KNOCK1_LEN];

	if (invitation_parse(&i, argv[0], &why))
		die(why);
	if (keyfile_read(&key, argv[1], err, sizeof(err)))
		die(err);
	clock_gettime(CLOCK_REALTIME, &now);
	w.statement.counter = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
	knock1_door_id(i.door, w.statement.door);
	for (argv += 2; *argv; argv++)
		wish(&w, *argv);
	make(&i, &key, &w, wire);
	puts(sodium_bin2hex(text, sizeof(text), wire, sizeof(wire)));
	return 0;
}

static int
connect_to(char **argv)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM }, *to;
	int fd;

	if (getaddrinfo(argv[0], argv[1], &hints, &to))
		die("no address");
	fd = socket(to->ai_family, SOCK_DGRAM, 0);
	if (fd < 0 || connect(fd, to->ai_addr, to->ai_addrlen))
		die("no socket");
	freeaddrinfo(to);
	return fd;
}

static int
packs(char **argv)
{
	struct wishes w = { .flip = -1, .spoil = -1 };
	struct invitation i;
	struct keyfile key;
	struct timespec now;
	const char *why;
	char err[256], text[2 * KNOCK1_LEN + 1];
	uint8_t wire[KNOCK1_LEN];

	if (invitation_parse(&i, argv[0], &why) || keyfile_read(&key, argv[1], err, sizeof(err)))
		die("no invitation, or no key");
	clock_gettime(CLOCK_REALTIME, &now);
	w.statement.counter = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
	knock1_door_id(i.door, w.statement.door);
	for (long n = atol(argv[2]); n > 0; n--) {
		make(&i, &key, &w, wire);
		printf("hex:%s\n", sodium_bin2hex(text, sizeof(text), wire, sizeof(wire)));
		w.statement.counter++;
	}
	return 0;
}

/* The error of an earlier datagram, to which nobody listens, is reported instead of sending this one. */
static void
send_one(int fd, const uint8_t *wire, size_t len)
{
	while (send(fd, wire, len, 0) < 0 && errno == ECONNREFUSED)
		;
}

static int
send_hex(char **argv)
{
	uint8_t wire[KNOCK1_LEN + KNOCK1_TAIL_MAX];
	int fd = connect_to(argv), times = argv[3] ? atoi(argv[3]) : 1;
	size_t len;

	if (sodium_hex2bin(wire, sizeof(wire), argv[2], strlen(argv[2]), NULL, &len, NULL))
		die("no hexadecimal text");
	while (times--)
		send_one(fd, wire, len);
	return 0;
}

static int
send_random(char **argv)
{
	uint8_t wire[KNOCK1_LEN];
	int fd = connect_to(argv);

	randombytes_buf(wire, sizeof(wire));
	for (long n = atol(argv[2]); n > 0; n--) {
		memcpy(wire + 8, &n, sizeof(n));
		send_one(fd, wire, sizeof(wire));
	}
	return 0;
}

static int64_t
steady_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int
insider(char **argv)
{
	uint8_t wire[KNOCK1_LEN];
	struct invitation i;
	const char *why;
	char port[16];
	int64_t began = steady_ns(), end = began + atoll(argv[1]) * 1000000, n = 0;
	int fd;

	if (invitation_parse(&i, argv[0], &why))
		die(why);
	snprintf(port, sizeof(port), "%u", i.port);
	fd = connect_to((char *[]){ i.host, port });
	randombytes_buf(wire, sizeof(wire));
	for (; steady_ns() < end; n++) {
		memcpy(wire + 8, &n, sizeof(n));
		crypto_shorthash(wire + KNOCK1_LEN - KNOCK1_TAG_LEN, wire, KNOCK1_LEN - KNOCK1_TAG_LEN, i.site.tag_key);
		send_one(fd, wire, sizeof(wire));
	}
	printf("%lld %lld 0\n", (long long)n, (long long)(steady_ns() - began));
	return 0;
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int words;
		int (*run)(char **argv);
	} commands[] = { { "invite", 4, invite },      { "pack", 2, pack },   { "send", 3, send_hex },
			 { "random", 3, send_random }, { "packs", 3, packs }, { "insider", 2, insider } };

	if (knock1_start())
		die("no libsodium");
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i].name, argv[1]) && argc >= commands[i].words + 2)
			return commands[i].run(argv + 2);
	die("wrong words");
}

#else

int
main(void)
{
	return 1;
}

#endif
