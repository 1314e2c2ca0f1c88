/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <stdlib.h>

#include "lib/timers.h"

static void
nearest_first(void **state)
{
	struct timers timers = { 0 };
	struct timer a = { 0 }, b = { 0 }, c = { 0 };

	(void)state;
	assert_true(timers_next(&timers) == UINT64_MAX);
	assert_int_equal(timers_arm(&timers, &a, 30), 0);
	assert_int_equal(timers_arm(&timers, &b, 10), 0);
	assert_int_equal(timers_arm(&timers, &c, 20), 0);
	assert_int_equal(timers_next(&timers), 10);
	timers_arm(&timers, &b, 40); /* moved */
	assert_null(timers_due(&timers, 19));
	assert_ptr_equal(timers_due(&timers, 100), &c);
	timers_disarm(&timers, &a);
	timers_disarm(&timers, &a); /* a second time has no effect */
	assert_ptr_equal(timers_due(&timers, 100), &b);
	assert_null(timers_due(&timers, 100));
	timers_free(&timers);
}

/* Random arming, moving and disarming must agree with a plain search. */
static void
agrees_with_a_search(void **state)
{
	enum { N = 500 };
	static struct timer all[N];
	struct timers timers = { 0 };
	unsigned seed = 20260101;

	(void)state;
	for (int step = 0; step < 20000; step++) {
		struct timer *timer = &all[rand_r(&seed) % N];
		uint64_t nearest = UINT64_MAX;

		if (rand_r(&seed) % 3)
			assert_int_equal(timers_arm(&timers, timer, (uint64_t)(rand_r(&seed) % 1000)), 0);
		else
			timers_disarm(&timers, timer);
		for (int i = 0; i < N; i++)
			if (all[i].slot && all[i].at < nearest)
				nearest = all[i].at;
		assert_true(timers_next(&timers) == nearest);
	}
	timers_free(&timers);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nearest_first),
		cmocka_unit_test(agrees_with_a_search),
	};

	return cmocka_run_group_tests_name("timers", tests, NULL, NULL);
}
