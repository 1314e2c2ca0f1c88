/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "test.h"

#include <string.h>
#include <sys/socket.h>

#include "confs.h"
#include "control/doorstats.h"

static struct doorstats stats;

static struct conf *
doors(const char *const *names)
{
	struct conf *conf = confs_new();

	for (; *names; names++) {
		confs_door(conf, "1", 0, 0, NULL);
		strcpy(conf->doors[conf->n_doors - 1].name, *names);
	}
	assert_int_equal(doorstats_follow(&stats, conf), 0);
	return conf;
}

static void
take(enum event_kind kind, uint32_t door, uint32_t number, bool refused, int64_t at)
{
	const struct event event = { .kind = kind, .door = door, .stage = number, .count = number };

	doorstats_take(&stats, &event, refused, at);
}

static void
events_are_counted(void **state)
{
	struct conf *conf = doors((const char *const[]){ "a", "b", NULL });
	const struct doorstats_entry *b = doorstats_get(&stats, 1);

	(void)state;
	take(EVENT_STAGE, 1, 1, false, 100);
	take(EVENT_STAGE, 1, 2, false, 200);
	take(EVENT_OPEN, 1, 2, false, 200);
	take(EVENT_OPEN, 1, 2, true, 300);
	take(EVENT_TIMEOUT, 1, 1, false, 400);
	take(EVENT_SCAN, 1, 1, false, 400);
	take(EVENT_SUPPRESSED, 1, 7, false, 400);
	take(EVENT_DROPPED, 1, 2, false, 400);
	take(EVENT_LOST, 0, 9, false, 400);
	take(EVENT_STAGE, 2, 1, false, 400); /* no such door */
	assert_int_equal(b->hits, 2);
	assert_int_equal(b->hit_stage, 2);
	assert_int_equal(b->hit_ms, 200);
	assert_int_equal(b->openings, 1);
	assert_int_equal(b->open_ms, 200);
	assert_int_equal(b->refusals, 1);
	assert_int_equal(b->timeouts, 1);
	assert_int_equal(b->scans, 1);
	assert_int_equal(b->suppressed, 9);
	assert_int_equal(doorstats_get(&stats, 0)->hits, 0);
	assert_int_equal(doorstats_get(&stats, 7)->hits, 0);
	doorstats_free(&stats);
	confs_free(conf);
}

static void
refusals_before_an_opening(void **state)
{
	struct conf *conf = doors((const char *const[]){ "a", "b", NULL });
	const struct doorstats_entry *b = doorstats_get(&stats, 1);

	(void)state;
	take(EVENT_CODE, 1, 2, false, 100);
	take(EVENT_AUTH, 1, 2, false, 100);
	assert_int_equal(b->refusals + b->signed_refusals, 0);
	doorstats_refused(&stats, &(struct event){ .kind = EVENT_CODE, .door = 1 });
	doorstats_refused(&stats, &(struct event){ .kind = EVENT_OPEN, .door = 1 });
	doorstats_refused(&stats, &(struct event){ .kind = EVENT_AUTH, .door = 1 });
	doorstats_refused(&stats, &(struct event){ .kind = EVENT_AUTH, .door = 2 }); /* for no door */
	assert_int_equal(b->refusals, 2);
	assert_int_equal(b->signed_refusals, 1);
	assert_int_equal(doorstats_get(&stats, 0)->signed_refusals, 0);
	doorstats_free(&stats);
	confs_free(conf);
}

static void
a_reload_keeps_the_numbers_of_a_name(void **state)
{
	struct conf *before = doors((const char *const[]){ "a", "b", "b", NULL }), *after;

	(void)state;
	take(EVENT_OPEN, 0, 1, false, 1);
	take(EVENT_OPEN, 1, 1, false, 2);
	take(EVENT_OPEN, 2, 1, false, 3);
	after = doors((const char *const[]){ "new", "b", "b", "a", NULL });
	assert_int_equal(doorstats_get(&stats, 0)->openings, 0);
	assert_int_equal(doorstats_get(&stats, 1)->open_ms, 2);
	assert_int_equal(doorstats_get(&stats, 2)->open_ms, 3);
	assert_int_equal(doorstats_get(&stats, 3)->open_ms, 1);
	doorstats_free(&stats);
	confs_free(before);
	confs_free(after);
}

static void
live_accesses(void **state)
{
	struct conf *conf = doors((const char *const[]){ "a", "b", NULL });

	(void)state;
	doorstats_count(&stats, "b");
	doorstats_count(&stats, "b");
	doorstats_count(&stats, "gone");
	assert_int_equal(doorstats_get(&stats, 0)->live, 0);
	assert_int_equal(doorstats_get(&stats, 1)->live, 2);
	doorstats_count_none(&stats);
	assert_int_equal(doorstats_get(&stats, 1)->live, 0);
	doorstats_free(&stats);
	confs_free(conf);
}

static void
no_doors(void **state)
{
	struct conf *conf = doors((const char *const[]){ NULL });

	(void)state;
	doorstats_count(&stats, "a");
	take(EVENT_STAGE, 0, 1, false, 1);
	assert_int_equal(doorstats_get(&stats, 0)->hits, 0);
	doorstats_free(&stats);
	confs_free(conf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_are_counted),
		cmocka_unit_test(refusals_before_an_opening),
		cmocka_unit_test(a_reload_keeps_the_numbers_of_a_name),
		cmocka_unit_test(live_accesses),
		cmocka_unit_test(no_doors),
	};

	return cmocka_run_group_tests_name("doorstats", tests, NULL, NULL);
}
