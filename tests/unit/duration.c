/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <stdlib.h>

#include "lib/duration.h"

static void
times(const char *text, int64_t expected)
{
	uint64_t ms = 0;

	if (expected < 0) {
		assert_int_equal(duration_parse(&ms, text), -1);
		assert_int_equal(ms, 0);
		return;
	}
	assert_int_equal(duration_parse(&ms, text), 0);
	assert_int_equal(ms, expected);
}

static void
times_in_nfts_units(void **state)
{
	(void)state;
	times("90", 90000);
	times("30s", 30000);
	times("1h30m", 5400000);
	times("7d", 604800000);
	times("500ms", 500);
	times("1d2h3m4s500ms", 93784500);
	times("1s1ms", 1001);
	times("", -1);
	times("0", -1);
	times("0h0m", -1);
	times("h", -1);
	times("1x", -1);
	times("1m1h", -1);
	times("1h1h", -1);
	times("1h1", -1);
	times("-1", -1);
	times("1.5h", -1);
	times(" 1h", -1);
	times("1h ", -1);
	times("18446744073709551616ms", -1);
	times("18446744073709551615", -1);
	times("213503982335d", -1);
}

static void
times_are_written_the_same_way(void **state)
{
	char buf[64];

	(void)state;
	assert_string_equal(duration_format(93784500, buf, sizeof(buf)), "1d2h3m4s500ms");
	assert_string_equal(duration_format(1800000, buf, sizeof(buf)), "30m");
	assert_string_equal(duration_format(90000, buf, sizeof(buf)), "1m30s");
	assert_string_equal(duration_format(0, buf, sizeof(buf)), "0s");
	assert_string_equal(duration_format(93784500, buf, 5), "1d2h");
	srandom(1);
	for (int i = 0; i < 10000; i++) {
		uint64_t ms = (uint64_t)random() * (uint64_t)random() + 1, back;

		assert_int_equal(duration_parse(&back, duration_format(ms, buf, sizeof(buf))), 0);
		assert_int_equal(back, ms);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_in_nfts_units),
		cmocka_unit_test(times_are_written_the_same_way),
	};

	return cmocka_run_group_tests_name("duration", tests, NULL, NULL);
}
