/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include "lib/limiter.h"

static unsigned
passed(struct limiter *limiter, unsigned tries, uint64_t now)
{
	unsigned n = 0;

	while (tries--)
		n += limiter_pass(limiter, 5, 10, now);
	return n;
}

static void
burst_then_rate(void **state)
{
	struct limiter limiter;

	(void)state;
	limiter_init(&limiter, 5, 1000);
	assert_int_equal(passed(&limiter, 8, 1000), 5);
	assert_int_equal(limiter.suppressed, 3);
	assert_int_equal(passed(&limiter, 8, 1100), 1);
	assert_int_equal(passed(&limiter, 8, 1300), 2);
}

static void
frequent_calls_earn_as_much_as_rare_ones(void **state)
{
	struct limiter limiter;
	unsigned n = 0;

	(void)state;
	limiter_init(&limiter, 5, 0);
	passed(&limiter, 5, 0);
	for (uint64_t now = 1; now <= 2000; now++)
		n += limiter_pass(&limiter, 5, 10, now);
	assert_int_equal(n, 20);
}

static void
never_more_than_the_burst_is_saved(void **state)
{
	struct limiter limiter;

	(void)state;
	limiter_init(&limiter, 5, 0);
	passed(&limiter, 2, 0);
	assert_int_equal(passed(&limiter, 100, UINT64_C(1) << 40), 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(burst_then_rate),
		cmocka_unit_test(frequent_calls_earn_as_much_as_rare_ones),
		cmocka_unit_test(never_more_than_the_burst_is_saved),
	};

	return cmocka_run_group_tests_name("limiter", tests, NULL, NULL);
}
