/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * knocker: knocks from host client, each time with another source, and waits until the kernel says that the source
 * is in set ok of table inet filter of this namespace.
 *
 *	-p PORTS   the sequence [tcp:7000,tcp:8000,tcp:9000]
 *	-c KNOCKS  number of knocks [1000]
 *	-d DOORS   knock i is at door i % DOORS, whose ports are the sequence's plus its number [1]
 *	-g USEC    pause between the hits of a knock [1000]
 *	-i USEC    pause before the first hit of the next knock [the same]
 *	-n KNOCKS  number of knocks under way all the time, evenly spread over their hits [1]
 *	-e USEC    a knock begins each time so much has passed, even if earlier ones are not complete
 *	-w MSEC    time to wait for the last one [1000]
 *	-a         ask the kernel instead of waiting for its event
 *	-q         one at a time, and one line as with -n
 *	-b         do not wait: print the time of the last hit in nanoseconds, one line for each knock
 *	-s STEP    knock i comes from source i * STEP of those that host client may send from [1]
 *	-l FILE    payloads for UDP, a line for each knock: text, or "hex:" and hexadecimal digits
 *
 * Prints a line for each knock: microseconds from the last hit to the element, or "lost". With -n, -e or -q
 * one line: "OPEN KNOCKS NANOSECONDS".
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wire.h"

#define FIRST_SOURCE (10U << 24 | 64U << 16)

struct knocker {
	struct port ports[PORTS_MAX];
	size_t n_ports;
	struct frame frames[PORTS_MAX];
	int64_t knocks, doors, gap_ns, pause_ns, at_a_time, every_ns, wait_ns, step;
	bool ask, blind, quiet;
	char **payloads;
	size_t *lens; /* of the payloads */
	int wire, watch;
	uint8_t *open; /* by knock */
	int64_t n_open;
};

/* Decodes "hex:..." in place. Returns the payload's length. */
static size_t
decode(char *payload)
{
	size_t n = 0;

	if (strncmp(payload, "hex:", 4))
		return strlen(payload);
	for (const char *at = payload + 4; at[0] && at[1]; at += 2) {
		const char pair[] = { at[0], at[1], '\0' };

		payload[n++] = (char)strtoul(pair, NULL, 16);
	}
	return n;
}

static void
read_payloads(struct knocker *k, const char *path)
{
	FILE *file = fopen(path, "re");
	size_t room = 0;
	int64_t n = 0;
	ssize_t len;

	k->payloads = calloc((size_t)k->knocks, sizeof(*k->payloads));
	k->lens = calloc((size_t)k->knocks, sizeof(*k->lens));
	if (!file || !k->payloads || !k->lens)
		die(path);
	while (n < k->knocks && (len = getline(&k->payloads[n], &room, file)) > 0) {
		k->payloads[n][len - 1] = '\0';
		k->lens[n] = decode(k->payloads[n]);
		n++;
		room = 0;
	}
	k->knocks = n;
	fclose(file);
}

static void
read_options(struct knocker *k, int argc, char **argv)
{
	const char *payloads = NULL;
	int option;

	*k = (struct knocker){ .knocks = 1000,
			       .doors = 1,
			       .gap_ns = NS_PER_MS,
			       .pause_ns = -1,
			       .at_a_time = 1,
			       .wait_ns = NS_PER_S,
			       .step = 1 };
	k->n_ports = ports_parse(k->ports, "tcp:7000,tcp:8000,tcp:9000");
	while ((option = getopt(argc, argv, "p:c:d:g:i:n:e:w:s:abql:")) != -1) {
		switch (option) {
		case 'p':
			k->n_ports = ports_parse(k->ports, optarg);
			break;
		case 'c':
			k->knocks = atoll(optarg);
			break;
		case 'd':
			k->doors = atoll(optarg);
			break;
		case 'g':
			k->gap_ns = atoll(optarg) * NS_PER_US;
			break;
		case 'i':
			k->pause_ns = atoll(optarg) * NS_PER_US;
			break;
		case 'n':
			k->at_a_time = atoll(optarg);
			break;
		case 'e':
			k->every_ns = atoll(optarg) * NS_PER_US;
			break;
		case 'w':
			k->wait_ns = atoll(optarg) * NS_PER_MS;
			break;
		case 's':
			k->step = atoll(optarg);
			break;
		case 'a':
			k->ask = true;
			break;
		case 'b':
			k->blind = true;
			break;
		case 'q':
			k->quiet = true;
			break;
		case 'l':
			payloads = optarg;
			break;
		default:
			exit(2);
		}
	}
	if (payloads)
		read_payloads(k, payloads);
}

static uint32_t
source_of(const struct knocker *k, int64_t knock)
{
	return FIRST_SOURCE + (uint32_t)(knock * k->step);
}

static void
hit(struct knocker *k, int64_t knock, size_t stage)
{
	struct frame *frame = &k->frames[stage];
	const char *payload = k->payloads ? k->payloads[knock] : NULL;
	struct port port = k->ports[stage];

	port.number = (uint16_t)(port.number + knock % k->doors);
	if (payload || k->doors > 1)
		frame_build(frame, port, SERVER_ADDRESS, payload, payload ? k->lens[knock] : 0);
	frame_vary(frame, source_of(k, knock), (uint32_t)knock * PORTS_MAX + (uint32_t)stage);
	wire_send(k->wire, frame);
}

/* watch_seen */
static void
take(void *arg, uint32_t address)
{
	struct knocker *k = arg;
	uint32_t knock = (address - FIRST_SOURCE) / (uint32_t)k->step;

	if (knock >= k->knocks || k->open[knock])
		return;
	k->open[knock] = 1;
	k->n_open++;
}

/* With -a the kernel is asked about `knock`. */
static void
look(struct knocker *k, int64_t knock)
{
	if (!k->ask)
		watch_read(k->watch, take, k);
	else if (!k->open[knock] && watch_ask(k->watch, source_of(k, knock)))
		take(k, source_of(k, knock));
}

static void
one_by_one(struct knocker *k)
{
	for (int64_t i = 0; i < k->knocks; i++) {
		int64_t sent = clock_ns();

		for (size_t stage = 0; stage < k->n_ports; stage++) {
			spin_until(sent + (stage || k->pause_ns < 0 ? k->gap_ns : k->pause_ns));
			sent = clock_ns();
			hit(k, i, stage);
		}
		if (k->blind) {
			printf("%" PRId64 "\n", sent);
			continue;
		}
		while (!k->open[i] && clock_ns() < sent + k->wait_ns)
			look(k, i);
		if (k->quiet)
			continue;
		if (k->open[i])
			printf("%.3f\n", (double)(clock_ns() - sent) / NS_PER_US);
		else
			puts("lost");
	}
}

static void
wait_for(struct knocker *k, int64_t open)
{
	int64_t last = clock_ns(), had = k->n_open;

	for (int64_t i = 0; k->n_open < open && clock_ns() < last + k->wait_ns; i = (i + 1) % k->knocks) {
		look(k, i);
		if (k->n_open != had) {
			had = k->n_open;
			last = clock_ns();
		}
	}
}

/* The next knock begins when fewer than -n are between their first hit and their element. */
static void
many_at_a_time(struct knocker *k)
{
	int64_t step = k->at_a_time / (int64_t)k->n_ports, spread = ((int64_t)k->n_ports - 1) * step, lost = 0;

	for (int64_t i = 0; i < k->knocks + spread; i++) {
		int64_t due = i + 1 - k->at_a_time - lost;

		wait_for(k, due);
		if (k->n_open < due) /* give up these, and those that were sent since */
			lost = i - spread - k->n_open;
		for (size_t stage = 0; stage < k->n_ports; stage++) {
			int64_t knock = i - (int64_t)stage * step;

			if (knock >= 0 && knock < k->knocks)
				hit(k, knock, stage);
		}
	}
	wait_for(k, k->knocks);
}

/* Hit `stage` of knock i is due at i * every + stage * gap: in each interval, the latest stage is the oldest knock's.
 */
static void
in_a_stream(struct knocker *k)
{
	int64_t start = clock_ns(), step = k->every_ns,
		last = (k->knocks - 1) * step + ((int64_t)k->n_ports - 1) * k->gap_ns;

	for (int64_t now = 0; now <= last; now += NS_PER_MS) {
		spin_until(start + now);
		for (size_t stage = 0; stage < k->n_ports; stage++) {
			int64_t since = now - (int64_t)stage * k->gap_ns;

			if (since >= 0 && since % step == 0 && since / step < k->knocks)
				hit(k, since / step, stage);
		}
		look(k, now / step % k->knocks);
	}
	wait_for(k, k->knocks);
}

int
main(int argc, char **argv)
{
	struct knocker k;
	int64_t start;

	read_options(&k, argc, argv);
	for (size_t stage = 0; stage < k.n_ports; stage++)
		frame_build(&k.frames[stage], k.ports[stage], SERVER_ADDRESS, NULL, 0);
	k.open = calloc((size_t)k.knocks + 1, 1);
	if (!k.open)
		die("memory");
	k.wire = wire_open("client");
	k.watch = watch_open(!k.ask);
	start = clock_ns();
	if (k.every_ns)
		in_a_stream(&k);
	else if (k.at_a_time > 1)
		many_at_a_time(&k);
	else
		one_by_one(&k);
	if (k.every_ns || k.at_a_time > 1 || k.quiet)
		printf("%" PRId64 " %" PRId64 " %" PRId64 "\n", k.n_open, k.knocks, clock_ns() - start);
	return 0;
}
