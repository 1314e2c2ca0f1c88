/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which counters of signed knocks count, on clocks that the test sets. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "access/replay.h"

#define SECOND 1000 /* ms */
#define HOUR   (3600 * SECOND)
#define DAY    (24 * HOUR)
#define NOW    INT64_C(1800000000000)

static const uint8_t id[KNOCK1_ID_LEN] = { 1, 2, 3, 4, 5, 6, 7, 8 };

struct fixture {
	struct replay replay;
	struct moment now;
	struct addr ip;
};

/* A start at NOW; `journal` is the text of the key's entry, or NULL. */
static struct fixture
start_at(int64_t wall_ms, const char *journal)
{
	struct fixture f = { .now = { .boot_ms = HOUR, .wall_ms = wall_ms } };
	struct journal_entry entry = { .id = 1, .kind = JOURNAL_COUNTER, .text = (char *)(uintptr_t)journal };

	addr_parse(&f.ip, "192.0.2.7");
	entry.ip = f.ip;
	if (journal)
		assert_true(replay_take_up(&f.replay, &entry));
	replay_begin(&f.replay, NULL, f.now);
	return f;
}

/* A knock that the client sends at `client_ms` of its clock. */
static enum replay_verdict
judge(struct fixture *f, int64_t client_ms)
{
	struct replay_key *key = replay_key(&f->replay, id);
	int64_t off;

	assert_non_null(key);
	return replay_judge(&f->replay, key, (uint64_t)client_ms * 1000, &f->ip, f->now, DAY, 600 * SECOND, &off);
}

static void
knock(struct fixture *f, int64_t client_ms)
{
	assert_int_equal(judge(f, client_ms), REPLAY_NEW);
	assert_int_equal(replay_advance(&f->replay, replay_key(&f->replay, id), "alice", (uint64_t)client_ms * 1000,
					&f->ip, f->now, false),
			 0);
}

static void
pass(struct fixture *f, int64_t ms)
{
	f->now.boot_ms += ms;
	f->now.wall_ms += ms;
}

static void
counters_only_rise(void **state)
{
	struct fixture f = start_at(NOW, NULL);

	(void)state;
	pass(&f, SECOND);
	knock(&f, NOW + SECOND);
	assert_int_equal(judge(&f, NOW + SECOND), REPLAY_OLD);
	assert_int_equal(judge(&f, NOW + 999), REPLAY_OLD);
	knock(&f, NOW + SECOND + 1);
	addr_parse(&f.ip, "192.0.2.8");
	assert_int_equal(judge(&f, NOW + SECOND + 1), REPLAY_SAME);
	assert_int_equal(judge(&f, NOW + SECOND), REPLAY_OLD);
	replay_free(&f.replay);
}

static void
the_first_knock_needs_clocks_that_agree(void **state)
{
	struct fixture f = start_at(NOW, NULL);

	(void)state;
	pass(&f, HOUR);
	assert_int_equal(judge(&f, NOW + HOUR + REPLAY_AGREE_MSEC + 1), REPLAY_DISAGREE);
	assert_int_equal(judge(&f, NOW + HOUR - REPLAY_AGREE_MSEC - 1), REPLAY_DISAGREE);
	assert_int_equal(judge(&f, NOW), REPLAY_OLD); /* of before the start: the state may be lost */
	knock(&f, NOW + HOUR + REPLAY_AGREE_MSEC);
	knock(&f, NOW + 2 * HOUR); /* from now on they need not */
	replay_free(&f.replay);
}

/* Of a key whose clock did not agree: it would, later, and the restart in between must not forget the knock. */
static void
a_first_knock_that_was_refused_does_not_count_later(void **state)
{
	struct fixture f = start_at(NOW, NULL);
	uint64_t ahead = (uint64_t)(NOW + HOUR) * 1000;

	(void)state;
	assert_int_equal(judge(&f, NOW + HOUR), REPLAY_DISAGREE);
	assert_int_equal(replay_burn(&f.replay, replay_key(&f.replay, id), "alice", ahead, &f.ip, false), 0);
	pass(&f, HOUR);
	assert_int_equal(judge(&f, NOW + HOUR), REPLAY_OLD);
	replay_free(&f.replay);

	f = start_at(NOW + SECOND, "0102030405060708 1800003600000000 0");
	assert_int_equal(judge(&f, NOW + 2 * HOUR), REPLAY_DISAGREE); /* nothing is known of its clock */
	pass(&f, HOUR);
	assert_int_equal(judge(&f, NOW + HOUR), REPLAY_OLD);
	knock(&f, NOW + HOUR + 1);
	replay_free(&f.replay);

	/* behind, and refused: knocks of before the start do not count, even if they come after that one */
	f = start_at(NOW + 2 * HOUR, "0102030405060708 1800003600000000 0");
	assert_int_equal(judge(&f, NOW + HOUR + 1), REPLAY_OLD);
	assert_int_equal(judge(&f, NOW + 2 * HOUR + 1), REPLAY_NEW);
	replay_free(&f.replay);
}

static void
after_a_start_older_knocks_do_not_count(void **state)
{
	/* the last known knock was an hour ago, from a client whose clock is 10 s ahead */
	struct fixture f = start_at(NOW, "0102030405060708 1799996410000000 1799996400000");

	(void)state;
	assert_int_equal(judge(&f, NOW - HOUR + 10 * SECOND), REPLAY_OLD);
	assert_int_equal(judge(&f, NOW + 9 * SECOND), REPLAY_OLD); /* may have been used since: that line is lost */
	assert_int_equal(judge(&f, NOW + 10 * SECOND + 1), REPLAY_NEW);
	replay_free(&f.replay);
}

static void
a_clock_that_was_reset_at_boot(void **state)
{
	/* the machine starts in 1970; the journal is from NOW */
	struct fixture f = start_at(SECOND, "0102030405060708 1800000000000000 1800000000000");

	(void)state;
	assert_int_equal(judge(&f, NOW), REPLAY_OLD);
	assert_int_equal(judge(&f, NOW + REPLAY_LOST_MSEC), REPLAY_OLD);
	assert_int_equal(judge(&f, NOW + REPLAY_LOST_MSEC + 1), REPLAY_NEW);
	assert_int_equal(judge(&f, NOW + DAY + 1), REPLAY_AHEAD);
	replay_free(&f.replay);
}

static void
steps_of_our_clock_do_not_matter_within_a_run(void **state)
{
	static const int64_t steps[] = { -48 * HOUR, 48 * HOUR };
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		f = start_at(NOW, NULL);
		pass(&f, SECOND);
		knock(&f, NOW + SECOND);
		f.now.wall_ms += steps[i];
		pass(&f, SECOND);
		knock(&f, NOW + 2 * SECOND);
		replay_free(&f.replay);
	}
}

static void
delayed_knocks(void **state)
{
	struct fixture f = start_at(NOW, NULL);

	(void)state;
	pass(&f, SECOND);
	knock(&f, NOW + SECOND);
	pass(&f, 600 * SECOND);
	assert_int_equal(judge(&f, NOW + SECOND + 1), REPLAY_NEW);
	pass(&f, SECOND);
	assert_int_equal(judge(&f, NOW + SECOND + 1), REPLAY_BEHIND);
	knock(&f, NOW + 602 * SECOND);
	replay_free(&f.replay);
}

/* The client keeps a counter, which rises by one while its clock is behind it. */
static void
a_client_whose_clock_was_ahead_and_is_set(void **state)
{
	struct fixture f = start_at(NOW, NULL);

	(void)state;
	pass(&f, SECOND);
	knock(&f, NOW + SECOND);
	knock(&f, NOW + HOUR);
	for (int minutes = 10; minutes < 60; minutes += 10) {
		pass(&f, 600 * SECOND);
		knock(&f, NOW + HOUR + minutes);
	}
	replay_free(&f.replay);
}

static void
a_reset(void **state)
{
	struct fixture f = start_at(NOW, NULL);
	struct replay_key *key;

	(void)state;
	pass(&f, SECOND);
	knock(&f, NOW + SECOND);
	knock(&f, NOW + DAY);
	pass(&f, HOUR);
	assert_int_equal(judge(&f, NOW + HOUR + SECOND), REPLAY_OLD);
	key = replay_key(&f.replay, id);
	replay_reset(&f.replay, key, "alice", replay_highest(key), 1, f.now);
	assert_int_equal(judge(&f, NOW + SECOND + 1), REPLAY_OLD); /* a knock of before is none of after */
	assert_int_equal(judge(&f, NOW + DAY + 1), REPLAY_DISAGREE);
	pass(&f, SECOND);
	knock(&f, NOW + HOUR + 2 * SECOND);
	assert_int_equal(judge(&f, NOW + HOUR + 2 * SECOND), REPLAY_OLD);
	assert_int_equal(judge(&f, NOW + DAY), REPLAY_DISAGREE);
	assert_int_equal(replay_burn(&f.replay, key, "alice", (uint64_t)(NOW + DAY) * 1000, &f.ip, false), 0);
	knock(&f, NOW + HOUR + 3 * SECOND); /* a copy has not undone the reset */
	pass(&f, DAY);
	knock(&f, NOW + DAY + HOUR);
	knock(&f, NOW + 2 * DAY); /* above what was taken back */
	replay_free(&f.replay);
}

/* What other gateways tell of knocks and resets, in any order. */
static void
resets_and_counters_of_other_gateways(void **state)
{
	const uint64_t before = (uint64_t)(NOW + DAY) * 1000, since = (uint64_t)(NOW + HOUR) * 1000;
	const uint64_t above = before + 1;
	struct fixture f = start_at(NOW, NULL);
	struct replay_key *key = replay_key(&f.replay, id);

	(void)state;
	replay_raise(key, before, 0);
	pass(&f, HOUR);
	assert_int_equal(judge(&f, NOW + HOUR + SECOND), REPLAY_OLD);
	replay_reset(&f.replay, key, "alice", before, 7, f.now);
	replay_raise(key, before, 0); /* of a gateway that has not heard of the reset */
	replay_raise(key, before, 6); /* ... or of one before it only */
	assert_int_equal(judge(&f, NOW + HOUR + SECOND), REPLAY_NEW);
	replay_raise(key, since + 2 * SECOND * 1000, 7);
	assert_int_equal(judge(&f, NOW + HOUR + SECOND), REPLAY_OLD);
	assert_int_equal(judge(&f, NOW + HOUR + 3 * SECOND), REPLAY_NEW);
	assert_int_equal(replay_since(key, before), 7);
	assert_int_equal(replay_since(key, above), 0);
	replay_raise(key, above, 0);
	assert_int_equal(judge(&f, NOW + HOUR + 4 * SECOND), REPLAY_OLD);
	replay_reset(&f.replay, key, "alice", before, 8, f.now); /* does not take back what is above */
	assert_int_equal(judge(&f, NOW + HOUR + 4 * SECOND), REPLAY_OLD);
	replay_free(&f.replay);
}

/* The journal of a key that was reset at NOW, its counter was a day ahead. */
static void
a_reset_before_the_start(void **state)
{
	static const char *const texts[] = { "0102030405060708 1800000000000000 0 1800086400000000 1",
					     "0102030405060708 1800000001000000 1800000001000 1800086400000000 1" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct fixture f = start_at(NOW + HOUR, texts[i]);

		pass(&f, SECOND);
		assert_int_equal(judge(&f, NOW + DAY), REPLAY_DISAGREE);
		assert_int_equal(judge(&f, NOW + HOUR), REPLAY_OLD);
		knock(&f, NOW + HOUR + SECOND);
		replay_free(&f.replay);
	}
}

/* The daemon has ended between the new line and the end of the old one. */
static void
the_later_of_two_entries(void **state)
{
	static const char *const texts[] = { "0102030405060708 1800000001000000 1800000001000 1800086400000000 1",
					     "0102030405060708 1800086400000000 1800000000000" };

	(void)state;
	for (size_t first = 0; first < 2; first++) {
		struct replay replay = { .n = 0 };
		struct journal_entry one = { .id = 1, .kind = JOURNAL_COUNTER },
				     two = { .id = 2, .kind = JOURNAL_COUNTER };

		one.text = (char *)(uintptr_t)texts[first];
		two.text = (char *)(uintptr_t)texts[!first];
		assert_true(replay_take_up(&replay, &one));
		assert_int_equal(replay_take_up(&replay, &two), first);
		assert_int_equal(replay_key(&replay, id)->reset, 1);
		replay_free(&replay);
	}
}

static void
extreme_counters(void **state)
{
	struct fixture f = start_at(NOW, NULL);
	struct replay_key *key = replay_key(&f.replay, id);
	static const uint64_t counters[] = { 0, 1, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX };
	int64_t off;

	(void)state;
	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
		assert_int_not_equal(replay_judge(&f.replay, key, counters[i], &f.ip, f.now, UINT64_MAX / 4,
						  UINT64_MAX / 4, &off),
				     REPLAY_NEW);
	replay_free(&f.replay);
}

static void
broken_entries(void **state)
{
	static const char *const texts[] = { "",
					     "x",
					     "0102030405060708",
					     "0102030405060708 1",
					     "0102030405060708 1 2 3",
					     "0102030405060708 1 2 3 4 5",
					     "0102030405060708 1 2 9999999999999999999 4",
					     "0102030405060708 -1 2",
					     "0102030405060708 1 -2",
					     "01020304050607 1 2",
					     "0102030405060708 9999999999999999999 2",
					     "0102030405060708 1 9223372036854775807" };
	struct replay replay = { .n = 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct journal_entry entry = { .id = 1, .kind = JOURNAL_COUNTER, .text = (char *)(uintptr_t)texts[i] };

		if (replay_take_up(&replay, &entry))
			fail_msg("accepted: %s", texts[i]);
	}
	replay_free(&replay);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counters_only_rise),
		cmocka_unit_test(the_first_knock_needs_clocks_that_agree),
		cmocka_unit_test(a_first_knock_that_was_refused_does_not_count_later),
		cmocka_unit_test(after_a_start_older_knocks_do_not_count),
		cmocka_unit_test(a_clock_that_was_reset_at_boot),
		cmocka_unit_test(steps_of_our_clock_do_not_matter_within_a_run),
		cmocka_unit_test(delayed_knocks),
		cmocka_unit_test(a_client_whose_clock_was_ahead_and_is_set),
		cmocka_unit_test(a_reset),
		cmocka_unit_test(resets_and_counters_of_other_gateways),
		cmocka_unit_test(a_reset_before_the_start),
		cmocka_unit_test(the_later_of_two_entries),
		cmocka_unit_test(extreme_counters),
		cmocka_unit_test(broken_entries),
	};

	return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
