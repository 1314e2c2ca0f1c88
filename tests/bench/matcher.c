/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * matcher ATTEMPTS: the matcher without kernel and processes: 64 doors of three ports, ATTEMPTS attempts under way,
 * then five rounds of hits. Prints a line for each kind of hit and round, "KIND NANOSECONDS" per hit.
 *
 *	next    every attempt's next port, then its last: it opens
 *	first   a new source's first port
 *	again   the first port of an attempt that is under way: it ends, and begins anew
 *	wrong   a port of another door from a source without an attempt
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/knock.h"
#include "wire.h"

#define DOORS  64
#define ROUNDS 5
#define HITS   2000000

struct bench {
	struct conf conf;
	struct door doors[DOORS];
	struct knock *knock;
	uint64_t events;
	struct knock_hit hits[KNOCK_BATCH]; /* as the engine feeds them under load */
	size_t n_hits;
	uint32_t attempts, next_source, number;
};

static void
count(void *arg, const struct event *event)
{
	(void)event;
	++((struct bench *)arg)->events;
}

static void
set_up(struct bench *b)
{
	static const uint8_t secret[16] = { 1, 2, 3 };
	char text[32];

	b->conf = (struct conf){ .doors = b->doors, .n_doors = DOORS, .max_attempts = b->attempts };
	for (unsigned d = 0; d < DOORS; d++) {
		snprintf(text, sizeof(text), "%u,%u,%u", 1000 + d, 2000 + d, 3000 + d);
		b->doors[d].seq_timeout = 25;
		if (seq_parse(&b->doors[d].seq, text, NULL))
			die(text);
	}
	b->knock = knock_new(&b->conf, secret, count, b);
	if (!b->knock)
		die("memory");
}

static void
feed(struct bench *b)
{
	knock_feed(b->knock, b->hits, b->n_hits, 1);
	b->n_hits = 0;
}

/* The door is derived from the source's number, so that all doors are in use. */
static void
hit(struct bench *b, uint32_t source, unsigned stage)
{
	uint32_t bytes = htonl(source * 2654435761U);

	b->hits[b->n_hits++] = (struct knock_hit){
		.packet = { .src = addr_from_bytes(AF_INET, &bytes),
			    .proto = IPPROTO_TCP,
			    .tcp_flags = TH_SYN,
			    .src_port = 40000,
			    .tcp_seq = b->number++,
			    .dst_port = (uint16_t)(1000 * stage + source % DOORS) },
		.local = true,
	};
	if (b->n_hits == KNOCK_BATCH)
		feed(b);
}

static void
tell(struct bench *b, const char *kind, int64_t start, uint32_t hits)
{
	feed(b);
	printf("%s %.2f\n", kind, (double)(clock_ns() - start) / hits);
}

static void
again(struct bench *b, uint32_t hits)
{
	int64_t start = clock_ns();

	for (uint32_t i = 0; i < hits; i++)
		hit(b, b->next_source - 1 - i % b->attempts, 1);
	tell(b, "again", start, hits);
}

static void
wrong(struct bench *b, uint32_t hits)
{
	int64_t start = clock_ns();

	for (uint32_t i = 0; i < hits; i++)
		hit(b, b->next_source + 1 + i, 2);
	tell(b, "wrong", start, hits);
}

/* Two hits complete the oldest attempt and one begins another, so the number of attempts stays. */
static void
open_and_begin(struct bench *b, uint32_t n)
{
	uint32_t oldest = b->next_source - b->attempts;
	int64_t start = clock_ns();

	for (uint32_t i = 0; i < n; i++) {
		hit(b, oldest + i, 2);
		hit(b, oldest + i, 3);
	}
	tell(b, "next", start, 2 * n);
	start = clock_ns();
	for (uint32_t i = 0; i < n; i++)
		hit(b, b->next_source++, 1);
	tell(b, "first", start, n);
}

int
main(int argc, char **argv)
{
	static struct bench b;

	b.attempts = argc > 1 ? (uint32_t)atol(argv[1]) : 1000000;
	set_up(&b);
	while (b.next_source < b.attempts)
		hit(&b, b.next_source++, 1);
	feed(&b);
	for (int round = 0; round < ROUNDS; round++) {
		again(&b, HITS);
		wrong(&b, HITS);
		open_and_begin(&b, b.attempts < HITS ? b.attempts : HITS);
	}
	if (knock_attempts(b.knock) != b.attempts)
		die("attempts were lost");
	knock_free(b.knock);
	return 0;
}
