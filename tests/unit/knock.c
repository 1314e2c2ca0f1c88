/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bounds of the table and of time; tests/traces has the matcher's behaviour. */
#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/knock.h"

struct fixture {
	struct conf conf;
	struct door doors[2];
	struct knock *knock;
	unsigned opened, timed_out, scans;
};

static void
count(void *arg, const struct event *event)
{
	struct fixture *f = arg;

	f->opened += event->kind == EVENT_OPEN;
	f->timed_out += event->kind == EVENT_TIMEOUT;
	f->scans += event->kind == EVENT_SCAN;
}

static void
set_up(struct fixture *f, uint32_t max_attempts)
{
	static const uint8_t secret[16] = { 42 };

	memset(f, 0, sizeof(*f));
	f->conf = (struct conf){ .doors = f->doors, .n_doors = 2, .max_attempts = max_attempts };
	for (size_t i = 0; i < 2; i++)
		f->doors[i].seq_timeout = i ? 5 : 25;
	assert_int_equal(seq_parse(&f->doors[0].seq, "1,2,3", NULL), 0);
	assert_int_equal(seq_parse(&f->doors[1].seq, "11,12,13", NULL), 0);
	f->knock = knock_new(&f->conf, secret, count, f);
	assert_non_null(f->knock);
}

static void
hit(struct fixture *f, uint32_t source, uint16_t port, uint64_t now)
{
	uint32_t bytes = htonl(source);
	struct packet packet = { .src = addr_from_bytes(AF_INET, &bytes),
				 .proto = IPPROTO_TCP,
				 .tcp_flags = TH_SYN,
				 .dst_port = port,
				 .src_port = port };

	knock_feed(f->knock, &(struct knock_hit){ packet, true }, 1, now);
}

static void
a_signed_knock_is_the_last_step(void **state)
{
	struct fixture f;
	struct knock_hit knock = { { .proto = IPPROTO_UDP, .dst_port = 62201 }, true };
	uint32_t bytes = htonl(1);

	(void)state;
	set_up(&f, 100);
	knock_free(f.knock);
	assert_int_equal(seq_parse_door(&f.doors[0].seq, "1,2,62201:auth", NULL), 0);
	assert_int_equal(seq_parse_door(&f.doors[1].seq, "62201:auth", NULL), 0);
	f.knock = knock_new(&f.conf, (const uint8_t[16]){ 42 }, count, &f);
	knock.packet.src = addr_from_bytes(AF_INET, &bytes);
	assert_int_equal(knock_signed(f.knock, 1, &knock, 0), 1);
	assert_int_equal(knock_signed(f.knock, 0, &knock, 0), 0);
	hit(&f, 1, 1, 0);
	assert_int_equal(knock_signed(f.knock, 0, &knock, 0), 0);
	assert_int_equal(knock_attempts(f.knock), 1); /* no harm to the attempt */
	hit(&f, 1, 2, 0);
	hit(&f, 2, 1, 0);
	assert_int_equal(f.opened, 0);
	knock.packet.src.bytes[3] = 2;
	assert_int_equal(knock_signed(f.knock, 0, &knock, 0), 0); /* another source */
	knock.packet.src.bytes[3] = 1;
	assert_int_equal(knock_signed(f.knock, 1, &knock, 0), 1); /* another door */
	assert_int_equal(knock_signed(f.knock, 0, &knock, 1), 3);
	assert_int_equal(knock_attempts(f.knock), 1);
	assert_int_equal(knock_signed(f.knock, 0, &knock, 1), 0); /* once */
	hit(&f, 1, 1, 2);
	hit(&f, 1, 2, 2);
	assert_int_equal(knock_signed(f.knock, 0, &knock, 26000 + 2), 0); /* too late */
	knock.local = false;
	assert_int_equal(knock_signed(f.knock, 1, &knock, 30000), 0); /* not to this host */
	knock_free(f.knock);
}

static void
a_full_table_drops_the_oldest_that_has_only_begun(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, 100);
	hit(&f, 1, 1, 0); /* at stage 2: keeps its place */
	hit(&f, 1, 2, 0);
	hit(&f, 2, 1, 0); /* the oldest at stage 1: pushed out */
	for (uint32_t source = 1000; source < 1099; source++)
		hit(&f, source, 1, 1);
	assert_int_equal(knock_attempts(f.knock), 100);
	assert_int_equal(knock_evicted(f.knock), 1);
	hit(&f, 2, 2, 2);
	hit(&f, 2, 3, 2);
	assert_int_equal(f.opened, 0);
	hit(&f, 1, 3, 2);
	assert_int_equal(f.opened, 1);
	hit(&f, 1098, 2, 2);
	hit(&f, 1098, 3, 2);
	assert_int_equal(f.opened, 2);
	knock_free(f.knock);
}

static void
a_table_full_of_later_stages_takes_no_more(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, 3);
	for (uint32_t source = 1; source <= 3; source++) {
		hit(&f, source, 1, 0);
		hit(&f, source, 2, 0);
	}
	hit(&f, 9, 1, 1);
	assert_int_equal(knock_attempts(f.knock), 3);
	for (uint32_t source = 1; source <= 3; source++)
		hit(&f, source, 3, 2);
	assert_int_equal(f.opened, 3);
	knock_free(f.knock);
}

static void
every_place_is_given_back(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, 64);
	for (uint32_t round = 0; round < 1000; round++) {
		for (uint32_t source = 0; source < 64; source++)
			hit(&f, round * 64 + source, source % 2 ? 1 : 11, round * 100000);
		for (uint32_t source = 0; source < 64; source += 3)
			hit(&f, round * 64 + source, source % 2 ? 2 : 12, round * 100000 + 1);
		for (uint32_t source = 0; source < 64; source += 6)
			hit(&f, round * 64 + source, 13, round * 100000 + 2);
		knock_expire(f.knock, round * 100000 + 30000);
		assert_int_equal(knock_attempts(f.knock), 0);
	}
	assert_int_equal(f.opened, 1000 * 11);
	assert_int_equal(f.timed_out, 1000 * (64 - 11));
	assert_int_equal(knock_evicted(f.knock), 0);
	knock_free(f.knock);
}

static void
the_next_deadline_is_the_nearest(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, 16);
	assert_true(knock_next(f.knock) == UINT64_MAX);
	hit(&f, 1, 1, 1000);
	assert_int_equal(knock_next(f.knock), 26000);
	hit(&f, 2, 11, 2000);
	assert_int_equal(knock_next(f.knock), 7000);
	knock_expire(f.knock, 7000);
	assert_int_equal(knock_next(f.knock), 26000);
	assert_int_equal(f.timed_out, 1);
	knock_expire(f.knock, 26000);
	assert_true(knock_next(f.knock) == UINT64_MAX);
	knock_free(f.knock);
}

static void
a_clock_that_goes_back_does_no_harm(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, 16);
	hit(&f, 1, 1, 50000);
	hit(&f, 2, 1, 10000);
	knock_expire(f.knock, 74999);
	assert_int_equal(f.timed_out, 0);
	knock_expire(f.knock, 75000);
	assert_int_equal(f.timed_out, 2);
	knock_free(f.knock);
}

/* Two hits of the old sequence count nothing towards the new one. */
static void
one_time_sequences_follow_each_other(void **state)
{
	struct fixture f;
	struct seq next[2];

	(void)state;
	set_up(&f, 16);
	seq_parse(&next[0], "1,2,5", NULL); /* the same as the door's, which came from the file */
	seq_parse(&next[1], "4,5,6", NULL);
	f.doors[0].one_time_path = (char[]){ "x" };
	f.doors[0].one_time = next;
	f.doors[0].n_one_time = 2;
	f.doors[0].next_one_time = 1;
	f.doors[0].seq = next[0];
	knock_free(f.knock);
	f.knock = knock_new(&f.conf, (uint8_t[16]){ 1 }, count, &f);
	hit(&f, 2, 1, 0);
	hit(&f, 2, 2, 0);
	hit(&f, 1, 1, 1);
	hit(&f, 1, 2, 1);
	hit(&f, 1, 5, 1);
	assert_int_equal(f.opened, 1);
	assert_int_equal(knock_attempts(f.knock), 0);
	hit(&f, 2, 6, 2); /* the third of the new one: the old hits do not count */
	hit(&f, 1, 1, 2);
	hit(&f, 1, 2, 2);
	hit(&f, 1, 5, 2); /* the old one again */
	assert_int_equal(f.opened, 1);
	hit(&f, 2, 4, 3);
	hit(&f, 2, 5, 3);
	hit(&f, 2, 6, 3);
	assert_int_equal(f.opened, 2);
	hit(&f, 2, 4, 4); /* used up */
	assert_int_equal(knock_attempts(f.knock), 0);
	hit(&f, 3, 11, 5); /* the other door still opens */
	hit(&f, 3, 12, 5);
	hit(&f, 3, 13, 5);
	assert_int_equal(f.opened, 3);
	knock_free(f.knock);
}

/* The lower 32 bits of the clock wrap every 49 days. */
static void
time_is_right_across_the_wrap_of_32_bits(void **state)
{
	struct fixture f;

	(void)state;
	for (uint64_t turn = UINT64_C(1) << 32; turn <= UINT64_C(5) << 32; turn += UINT64_C(1) << 32) {
		set_up(&f, 16);
		hit(&f, 1, 1, turn - 1000);
		assert_true(knock_next(f.knock) == turn + 24000);
		hit(&f, 2, 1, turn + 1000);
		hit(&f, 2, 2, turn + 23999);
		assert_int_equal(f.timed_out, 0);
		knock_expire(f.knock, turn + 24000);
		assert_int_equal(f.timed_out, 1);
		hit(&f, 2, 3, turn + 25999);
		assert_int_equal(f.opened, 1);
		knock_free(f.knock);
	}
}

static void
no_attempt_lasts_longer_than_30_days(void **state)
{
	const uint64_t month = UINT64_C(30) * 24 * 3600 * 1000;
	struct fixture f;

	(void)state;
	set_up(&f, 16);
	f.doors[0].seq_timeout = INT64_MAX;
	knock_free(f.knock);
	f.knock = knock_new(&f.conf, (uint8_t[16]){ 1 }, count, &f);
	hit(&f, 1, 1, 1000);
	assert_true(knock_next(f.knock) == 1000 + month);
	knock_expire(f.knock, 999 + month);
	assert_int_equal(f.timed_out, 0);
	knock_expire(f.knock, 1000 + month);
	assert_int_equal(f.timed_out, 1);
	knock_free(f.knock);
}

/* Ports may share one of 32 bits. The attempt never ends before the limit, and ends in any case later. */
static void
a_scan_ends_the_attempt_whatever_the_secret(void **state)
{
	struct fixture f;

	(void)state;
	for (unsigned n = 0; n < 256; n++) {
		uint8_t secret[16] = { (uint8_t)n };
		uint16_t port = 100;

		set_up(&f, 16);
		knock_free(f.knock);
		f.conf.scan_guard = CONF_SCAN_GUARD_MAX;
		f.knock = knock_new(&f.conf, secret, count, &f);
		hit(&f, 1, 1, 0);
		while (!f.scans && port < 65000)
			hit(&f, 1, port = (uint16_t)(port + 509), 0);
		assert_true((port - 100) / 509 >= CONF_SCAN_GUARD_MAX && (port - 100) / 509 <= 100);
		assert_int_equal(knock_attempts(f.knock), 0);
		knock_free(f.knock);
	}
}

/* The kernel's sets may be those of the previous or the next sequence for a moment. */
static void
ports_of_all_one_time_sequences_are_doors_ports(void **state)
{
	struct fixture f;
	struct seq next[2];

	(void)state;
	set_up(&f, 16);
	seq_parse(&next[0], "1,2,5", NULL);
	seq_parse(&next[1], "4,5,6", NULL);
	f.doors[0].one_time = next;
	f.doors[0].n_one_time = 2;
	f.conf.scan_guard = 1;
	knock_free(f.knock);
	f.knock = knock_new(&f.conf, (uint8_t[16]){ 1 }, count, &f);
	hit(&f, 1, 11, 0);
	hit(&f, 1, 6, 0); /* a wrong knock: ends the attempt, and is no scan */
	assert_int_equal(f.scans, 0);
	assert_int_equal(knock_attempts(f.knock), 0);
	hit(&f, 1, 11, 0);
	hit(&f, 1, 7, 0);
	assert_int_equal(f.scans, 1);
	assert_int_equal(knock_attempts(f.knock), 0);
	knock_free(f.knock);
}

/* Odd doors are 1,2,3, even ones 2,3,4: a source that hits 1 to 4 has attempts at all doors, odd ones first. */
#define MANY 64

struct many {
	struct conf conf;
	struct door doors[MANY];
	struct knock *knock;
	unsigned n;
	struct event events[4 * MANY];
};

static void
note(void *arg, const struct event *event)
{
	struct many *m = arg;

	assert_true(m->n < 4 * MANY);
	m->events[m->n++] = *event;
}

static void
set_up_many(struct many *m, uint32_t max_attempts)
{
	static const uint8_t secret[16] = { 42 };

	*m = (struct many){ .conf = { .doors = m->doors, .n_doors = MANY, .max_attempts = max_attempts } };
	for (size_t i = 0; i < MANY; i++) {
		m->doors[i].seq_timeout = 25;
		assert_int_equal(seq_parse(&m->doors[i].seq, i % 2 ? "1,2,3" : "2,3,4", NULL), 0);
	}
	m->knock = knock_new(&m->conf, secret, note, m);
	assert_non_null(m->knock);
}

static void
hit_many(struct many *m, uint16_t port)
{
	struct packet packet = { .proto = IPPROTO_TCP, .tcp_flags = TH_SYN, .dst_port = port };

	assert_int_equal(addr_parse(&packet.src, "2001:db8::1"), 0);
	m->n = 0;
	knock_feed(m->knock, &(struct knock_hit){ packet, true }, 1, 0);
}

/* Checks the events of every second door, from `door` on, in this order. */
static void
has_told(const struct many *m, unsigned at, unsigned each, enum event_kind kind, unsigned door, unsigned stage)
{
	for (; door < MANY; door += 2, at += each) {
		assert_int_equal(m->events[at].kind, kind);
		assert_int_equal(m->events[at].door, door);
		assert_int_equal(m->events[at].stage, stage);
	}
}

static void
attempts_of_one_source_go_on_in_the_order_they_began(void **state)
{
	static struct many m;

	(void)state;
	set_up_many(&m, 100);
	hit_many(&m, 1);
	assert_int_equal(m.n, MANY / 2);
	has_told(&m, 0, 1, EVENT_STAGE, 1, 1);
	hit_many(&m, 2);
	assert_int_equal(m.n, MANY);
	has_told(&m, 0, 1, EVENT_STAGE, 1, 2);
	has_told(&m, MANY / 2, 1, EVENT_STAGE, 0, 1);
	hit_many(&m, 3);
	assert_int_equal(m.n, MANY + MANY / 2);
	has_told(&m, 0, 2, EVENT_STAGE, 1, 3);
	has_told(&m, 1, 2, EVENT_OPEN, 1, 3);
	has_told(&m, MANY, 1, EVENT_STAGE, 0, 2);
	hit_many(&m, 4);
	assert_int_equal(m.n, MANY);
	has_told(&m, 1, 2, EVENT_OPEN, 0, 3);
	assert_int_equal(knock_attempts(m.knock), 0);
	knock_free(m.knock);
}

static void
a_source_pushes_out_its_own_attempts(void **state)
{
	static struct many m;

	(void)state;
	set_up_many(&m, 3);
	hit_many(&m, 1);
	assert_int_equal(knock_attempts(m.knock), 3);
	assert_int_equal(knock_evicted(m.knock), MANY / 2 - 3);
	hit_many(&m, 2);
	assert_int_equal(m.n, 3);
	hit_many(&m, 3);
	assert_int_equal(m.n, 6);
	has_told(&m, 1, 2, EVENT_OPEN, MANY - 5, 3);
	assert_int_equal(knock_attempts(m.knock), 0);
	knock_free(m.knock);
}

/* ---- hits in one batch ------------------------------------------------------------------------- */

#define BATCHES  5000
#define TOGETHER (3 * KNOCK_BATCH) /* hits in a batch at most */
#define RECORDED (16 * TOGETHER)

struct recording {
	size_t n;
	struct event events[RECORDED];
};

/* knock_emit */
static void
record(void *arg, const struct event *event)
{
	struct recording *r = arg;

	assert_true(r->n < RECORDED);
	r->events[r->n++] = *event;
}

/* Doors where a hit can affect later ones of its batch: timeouts, cooldowns, used-up sequences, few places. */
static void
set_up_mixed(struct conf *conf, struct door doors[static 4], const struct seq *once, size_t n_once)
{
	static const char *const seqs[] = { "1,2,3", "2,1,1", "4" };

	*conf = (struct conf){ .doors = doors, .n_doors = 4, .max_attempts = 12, .scan_guard = 3 };
	for (size_t i = 0; i < 3; i++) {
		doors[i] = (struct door){ .seq_timeout = 3 * (int64_t)i };
		assert_int_equal(seq_parse(&doors[i].seq, seqs[i], NULL), 0);
	}
	doors[0].seq_timeout = 5;
	doors[2].cooldown = 1;
	doors[3] = (struct door){ .seq = once[0],
				  .seq_timeout = 5,
				  .one_time_path = (char[]){ "x" },
				  .n_one_time = n_once,
				  .one_time = (struct seq *)(uintptr_t)once,
				  .next_one_time = 1 };
}

static size_t
random_hits(struct knock_hit hits[static TOGETHER])
{
	size_t n = (size_t)lrand48() % TOGETHER + 1;

	for (size_t i = 0; i < n; i++) {
		uint32_t bytes = htonl((uint32_t)lrand48() % 20);
		uint16_t port = (uint16_t)(lrand48() % 8);

		hits[i] = (struct knock_hit){ { .src = addr_from_bytes(AF_INET, &bytes),
						.proto = IPPROTO_TCP,
						.tcp_flags = TH_SYN,
						.dst_port = port,
						.tcp_seq = (uint32_t)lrand48() % 9 },
					      true };
	}
	return n;
}

static void
are_equal(const struct recording *a, const struct recording *b)
{
	assert_int_equal(a->n, b->n);
	for (size_t i = 0; i < a->n; i++) {
		assert_int_equal(a->events[i].kind, b->events[i].kind);
		assert_int_equal(a->events[i].door, b->events[i].door);
		assert_int_equal(a->events[i].stage, b->events[i].stage);
		assert_true(addr_equal(&a->events[i].source, &b->events[i].source));
	}
}

static void
hits_in_a_batch_act_as_one_by_one(void **state)
{
	static struct recording together, alone;
	static struct seq once[100];
	struct knock_hit hits[TOGETHER];
	struct door doors[4];
	struct conf conf;
	struct knock *a, *b;
	char text[32];
	uint64_t now = 0;

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "%u,%u", i % 5 + 1, i / 5 % 5 + 1);
		assert_int_equal(seq_parse(&once[i], text, NULL), 0);
	}
	set_up_mixed(&conf, doors, once, 100);
	a = knock_new(&conf, (uint8_t[16]){ 1 }, record, &together);
	b = knock_new(&conf, (uint8_t[16]){ 1 }, record, &alone);
	for (unsigned batch = 0; batch < BATCHES; batch++) {
		size_t n = random_hits(hits);

		together.n = alone.n = 0;
		now += (uint64_t)lrand48() % 1000;
		knock_feed(a, hits, n, now);
		for (size_t i = 0; i < n; i++)
			knock_feed(b, &hits[i], 1, now);
		are_equal(&together, &alone);
		assert_int_equal(knock_attempts(a), knock_attempts(b));
		assert_int_equal(knock_evicted(a), knock_evicted(b));
		assert_true(knock_next(a) == knock_next(b));
	}
	assert_int_not_equal(knock_evicted(a), 0);
	knock_free(a);
	knock_free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signed_knock_is_the_last_step),
		cmocka_unit_test(a_full_table_drops_the_oldest_that_has_only_begun),
		cmocka_unit_test(a_table_full_of_later_stages_takes_no_more),
		cmocka_unit_test(attempts_of_one_source_go_on_in_the_order_they_began),
		cmocka_unit_test(a_source_pushes_out_its_own_attempts),
		cmocka_unit_test(every_place_is_given_back),
		cmocka_unit_test(the_next_deadline_is_the_nearest),
		cmocka_unit_test(a_clock_that_goes_back_does_no_harm),
		cmocka_unit_test(one_time_sequences_follow_each_other),
		cmocka_unit_test(time_is_right_across_the_wrap_of_32_bits),
		cmocka_unit_test(no_attempt_lasts_longer_than_30_days),
		cmocka_unit_test(a_scan_ends_the_attempt_whatever_the_secret),
		cmocka_unit_test(ports_of_all_one_time_sequences_are_doors_ports),
		cmocka_unit_test(hits_in_a_batch_act_as_one_by_one),
	};
	long seed = getenv("SEED") ? atol(getenv("SEED")) : (long)time(NULL);

	printf("# SEED=%ld\n", seed);
	srand48(seed);

	return cmocka_run_group_tests_name("knock", tests, NULL, NULL);
}
