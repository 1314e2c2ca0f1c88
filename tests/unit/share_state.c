/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The group's clock, gaps, and the table of accesses. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "share/hlc.h"
#include "share/known.h"
#include "share/peers.h"

/* ---- the clock ----------------------------------------------------------------------------------- */

static struct moment
at(int64_t boot_ms, int64_t wall_ms)
{
	return (struct moment){ .boot_ms = boot_ms, .wall_ms = wall_ms };
}

/* A slow gateway's clock goes on as fast as the other one's, and so it does when a wall clock is set back. */
static void
one_clock_for_all(void **state)
{
	struct hlc slow = { .tag = 1 }, fast = { .tag = 2 };

	(void)state;
	assert_int_equal(hlc_ms(&slow, at(100, 1000)), 1000);
	assert_true(hlc_saw(&slow, hlc_next(&fast, at(900, 3600000)), at(110, 1010)));
	assert_int_equal(hlc_ms(&slow, at(110, 1010)), 3600000);
	assert_int_equal(hlc_ms(&slow, at(60110, 61010)), 3660000);
	assert_int_equal(hlc_ms(&fast, at(60900, 1000)), 3660000);
	assert_int_equal(hlc_ms(&fast, at(60901, 3660010)), 3660010);
}

static void
the_clock_only_rises(void **state)
{
	struct hlc hlc = { .tag = 5 };
	uint64_t first = hlc_next(&hlc, at(0, 1000000)), second = hlc_next(&hlc, at(0, 1000000)),
		 third = hlc_next(&hlc, at(0, 500));

	(void)state;
	assert_true(first == (UINT64_C(1000000) << 16 | 5));
	assert_true(second > first && third > second);
	assert_true(hlc_next(&hlc, at(0, 1000001)) > third);
	assert_int_equal(third & 63, 5);
}

/* Two gateways whose clocks are an hour apart: what happens later is later. */
static void
news_make_it_go_on(void **state)
{
	struct hlc slow = { .tag = 1 }, fast = { .tag = 2 };
	uint64_t there = hlc_next(&fast, at(5000, 3600000 + 1000)), here;

	(void)state;
	assert_true(hlc_saw(&slow, there, at(7, 1000)));
	here = hlc_next(&slow, at(8, 1001));
	assert_true(here > there);
	assert_true(hlc_saw(&fast, here, at(5001, 3600000 + 1001)));
	assert_true(hlc_next(&fast, at(5001, 3600000 + 1001)) > here);
}

static void
two_gateways_never_have_the_same_time(void **state)
{
	struct hlc a = { .tag = 1 }, b = { .tag = 2 };

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_true(hlc_next(&a, at(0, 7)) != hlc_next(&b, at(0, 7)));
}

static void
absurd_times_are_refused(void **state)
{
	struct hlc hlc = { .tag = 1 };

	(void)state;
	assert_false(hlc_saw(&hlc, UINT64_MAX, at(0, 1700000000000)));
	assert_true(hlc.last == 0);
}

/* ---- gaps ---------------------------------------------------------------------------------------- */

static struct peers peers;

static bool
hear(uint64_t origin, uint64_t run, uint64_t seq, uint64_t now)
{
	return peers_hear(&peers, &(struct notice){ .kind = NOTICE_GRANT, .origin = origin, .run = run, .seq = seq },
			  now);
}

static int
forget_peers(void **state)
{
	(void)state;
	peers = (struct peers){ .n = 0 };
	return 0;
}

static void
nothing_is_missing(void **state)
{
	(void)state;
	assert_true(hear(1, 1, 7, 0));
	for (uint64_t i = 8; i < 200; i++)
		assert_false(hear(1, 1, i, i));
	hear(1, 1, 9, 300);
	hear(1, 1, 0, 300);
	assert_true(peers_next(&peers) == UINT64_MAX);
	assert_int_equal(peers_missing(&peers, 100000), 0);
}

static void
a_gap_counts_once_and_late(void **state)
{
	(void)state;
	hear(1, 1, 1, 0);
	hear(1, 1, 3, 1000);
	assert_int_equal(peers_missing(&peers, 1000), 0);
	assert_true(peers_next(&peers) == 1000 + PEERS_GAP_MS);
	assert_int_equal(peers_missing(&peers, 1000 + PEERS_GAP_MS), 1);
	assert_int_equal(peers_missing(&peers, 2000 + PEERS_GAP_MS), 0);
	assert_int_equal(peers_find(&peers, 1)->gaps, 1);
	hear(1, 1, 1000, 5000);
	assert_int_equal(peers_missing(&peers, 9000), 1);
}

static void
what_comes_late_is_no_gap(void **state)
{
	(void)state;
	hear(1, 1, 1, 0);
	hear(1, 1, 4, 1000);
	hear(1, 1, 2, 1001);
	assert_true(peers_next(&peers) != UINT64_MAX);
	hear(1, 1, 3, 1002);
	assert_true(peers_next(&peers) == UINT64_MAX);
	assert_int_equal(peers_missing(&peers, 100000), 0);
}

static void
a_restart_is_no_gap(void **state)
{
	(void)state;
	hear(1, 1, 50, 0);
	assert_true(hear(1, 2, 1, 1000));
	assert_int_equal(peers_missing(&peers, 100000), 0);
}

static void
many_gateways(void **state)
{
	(void)state;
	for (uint64_t i = 0; i <= PEERS_MAX; i++)
		hear(i + 1, 1, 1, i);
	assert_int_equal(peers.n, PEERS_MAX);
	assert_null(peers_find(&peers, 1));
	assert_non_null(peers_find(&peers, PEERS_MAX + 1));
}

static void
hear_hello(uint64_t origin, uint64_t filled, uint64_t now)
{
	peers_hear(&peers, &(struct notice){ .kind = NOTICE_HELLO, .origin = origin, .run = 1, .filled = filled }, now);
}

/* News of a gateway do not mean that it has put what it knows; and who has been silent for long is not waited for. */
static void
each_says_that_it_has_filled(void **state)
{
	(void)state;
	assert_true(peers_have_filled(&peers, 0, 70));
	hear(1, 1, 7, 100);
	assert_false(peers_have_filled(&peers, 100, 70));
	hear_hello(1, 69, 101);
	assert_false(peers_have_filled(&peers, 100, 70));
	hear_hello(2, 75, 102);
	assert_false(peers_have_filled(&peers, 100, 70));
	hear_hello(1, 70, 103);
	assert_false(peers_have_filled(&peers, 100, 76));
	assert_true(peers_have_filled(&peers, 100, 70));
	hear(1, 1, 8, 104);
	assert_true(peers_have_filled(&peers, 100, 70));
	assert_true(peers_have_filled(&peers, 105, 76));
}

/* ---- accesses ------------------------------------------------------------------------------------ */

static struct known known;

static int
begin_known(void **state)
{
	(void)state;
	return known_init(&known, 1000);
}

static int
end_known(void **state)
{
	(void)state;
	known_free(&known);
	return 0;
}

static struct notice
about(unsigned host, uint16_t port, uint64_t hlc)
{
	struct notice n = { .kind = NOTICE_GRANT, .port = port, .proto = port ? 6 : 0, .hlc = hlc };
	char text[ADDR_STRLEN];

	snprintf(text, sizeof(text), "10.0.%u.%u", host >> 8, host & 255);
	addr_parse(&n.ip, text);
	return n;
}

/* All that is over. */
static void
forget(uint64_t now)
{
	struct known_access *a;

	while ((a = known_due(&known, now)))
		known_drop(&known, a);
}

static void
kept_until_the_end(void **state)
{
	struct notice n = about(1, 0, 1);

	(void)state;
	assert_non_null(known_put(&known, &n, 100));
	assert_true(known_next(&known) == 100);
	forget(99);
	assert_non_null(known_find(&known, &n));
	forget(100);
	assert_null(known_find(&known, &n));
	assert_int_equal(known.n, 0);
}

static void
replaced_by_later_news(void **state)
{
	struct notice n = about(1, 0, 1), later = about(1, 0, 2);

	(void)state;
	known_put(&known, &n, 100)->applied = true;
	known_put(&known, &later, UINT64_MAX);
	assert_int_equal(known.n, 1);
	assert_int_equal(known_find(&known, &n)->notice.hlc, 2);
	assert_false(known_find(&known, &n)->applied);
	forget(1000);
	assert_int_equal(known.n, 1);
}

/* Without an end: only if the caller wants to hear of it. */
static void
due_without_an_end(void **state)
{
	struct notice n = about(1, 0, 1), later = about(1, 0, 2);
	struct known_access *a = known_put(&known, &n, UINT64_MAX);

	(void)state;
	assert_null(known_due(&known, UINT64_MAX - 1));
	known_hold(&known, a, 100);
	assert_null(known_due(&known, 99));
	assert_ptr_equal(known_due(&known, 100), a);
	known_hold(&known, a, 200);
	assert_true(known_next(&known) == 200);
	known_put(&known, &later, UINT64_MAX);
	assert_true(known_next(&known) == UINT64_MAX);
}

static void
ports_of_one_address(void **state)
{
	struct notice one = about(1, 22, 1), two = about(1, 443, 1), all = about(1, 0, 1), other = about(2, 22, 1);
	size_t n = 0;

	(void)state;
	known_put(&known, &one, 100);
	known_put(&known, &two, 100);
	known_put(&known, &all, 100);
	known_put(&known, &other, 100);
	for (const struct known_access *a = known_of(&known, one.door, &one.ip); a; a = known_after(a))
		n++;
	assert_int_equal(n, 3);
	assert_int_equal(known_find(&known, &two)->notice.port, 443);
}

static void
not_more_than_there_may_be(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		struct notice n = about(i, 0, 1);

		assert_non_null(known_put(&known, &n, i + 1));
	}
	assert_null(known_put(&known, &(struct notice){ .kind = NOTICE_GRANT, .ip = { .family = 2 } }, 1));
	for (unsigned i = 0; i < 1000; i++) {
		struct notice n = about(i, 0, 2);

		assert_non_null(known_find(&known, &n));
		assert_non_null(known_put(&known, &n, i + 1));
	}
	forget(500);
	assert_int_equal(known.n, 500);
}

/* Some end while the others are visited. */
static void
visited_in_portions(void **state)
{
	size_t n = 0;

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		struct notice notice = about(i, 0, 1);

		known_put(&known, &notice, i + 1);
	}
	known_begin(&known);
	for (; n < 10; n++)
		assert_non_null(known_each(&known));
	forget(50);
	while (known_each(&known))
		n++;
	assert_int_equal(n, 60);
}

#define ON_PEERS(test) cmocka_unit_test_setup(test, forget_peers)
#define ON_KNOWN(test) cmocka_unit_test_setup_teardown(test, begin_known, end_known)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_clock_for_all),
		cmocka_unit_test(the_clock_only_rises),
		cmocka_unit_test(news_make_it_go_on),
		cmocka_unit_test(two_gateways_never_have_the_same_time),
		cmocka_unit_test(absurd_times_are_refused),
		ON_PEERS(nothing_is_missing),
		ON_PEERS(a_gap_counts_once_and_late),
		ON_PEERS(what_comes_late_is_no_gap),
		ON_PEERS(a_restart_is_no_gap),
		ON_PEERS(many_gateways),
		ON_PEERS(each_says_that_it_has_filled),
		ON_KNOWN(kept_until_the_end),
		ON_KNOWN(replaced_by_later_news),
		ON_KNOWN(due_without_an_end),
		ON_KNOWN(ports_of_one_address),
		ON_KNOWN(not_more_than_there_may_be),
		ON_KNOWN(visited_in_portions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
