/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "control/attempts.h"

static struct attempts attempts;

static void
tell(enum event_kind kind, uint32_t host, uint32_t door, uint32_t stage, int64_t now)
{
	const struct event event = {
		.kind = kind, .door = door, .stage = stage, .source = addr_from_bytes(AF_INET, &host)
	};

	attempts_take(&attempts, &event, now);
}

/* All attempts as "door:stage@since", oldest first. */
static const char *
all(void)
{
	static char text[64 * ATTEMPTS_MAX];
	size_t used = 0;

	*text = '\0';
	for (size_t i = 0; i < ATTEMPTS_MAX; i++) {
		const struct attempts_entry *a = attempts_get(&attempts, i);

		if (a->ip.family)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%u:%u@%d ", a->door, a->stage,
						 (int)a->since_ms);
	}
	return text;
}

static int
setup(void **state)
{
	(void)state;
	attempts_forget(&attempts);
	return 0;
}

static void
from_the_first_stage_to_the_end(void **state)
{
	(void)state;
	tell(EVENT_STAGE, 1, 0, 1, 10);
	tell(EVENT_STAGE, 2, 0, 1, 20);
	tell(EVENT_STAGE, 1, 1, 1, 30);
	tell(EVENT_STAGE, 1, 0, 2, 40);
	assert_string_equal(all(), "0:2@10 0:1@20 1:1@30 ");
	tell(EVENT_OPEN, 1, 0, 3, 50);
	tell(EVENT_TIMEOUT, 1, 1, 1, 60);
	assert_string_equal(all(), "0:1@20 ");
	tell(EVENT_OPEN, 9, 0, 3, 70);
	tell(EVENT_LOST, 2, 0, 0, 80);
	assert_string_equal(all(), "0:1@20 ");
}

static void
the_first_stage_begins_anew(void **state)
{
	(void)state;
	tell(EVENT_STAGE, 1, 0, 1, 10);
	tell(EVENT_STAGE, 1, 0, 2, 20);
	tell(EVENT_STAGE, 1, 0, 1, 30);
	assert_string_equal(all(), "0:1@30 ");
}

static void
an_attempt_may_be_seen_late(void **state)
{
	(void)state;
	tell(EVENT_STAGE, 1, 0, 3, 10);
	assert_string_equal(all(), "0:3@10 ");
}

static void
the_newest_push_out_the_oldest(void **state)
{
	const struct attempts_entry *oldest;

	(void)state;
	for (uint32_t host = 1; host <= ATTEMPTS_MAX + 5; host++)
		tell(EVENT_STAGE, host, 0, 1, host);
	oldest = attempts_get(&attempts, 0);
	assert_int_equal(oldest->since_ms, 6);
	assert_int_equal(attempts_get(&attempts, ATTEMPTS_MAX - 1)->since_ms, ATTEMPTS_MAX + 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(from_the_first_stage_to_the_end, setup),
		cmocka_unit_test_setup(the_first_stage_begins_anew, setup),
		cmocka_unit_test_setup(an_attempt_may_be_seen_late, setup),
		cmocka_unit_test_setup(the_newest_push_out_the_oldest, setup),
	};

	return cmocka_run_group_tests_name("attempts", tests, NULL, NULL);
}
