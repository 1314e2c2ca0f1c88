/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "knockctl/top_state.h"

static struct top top;

static int
begin(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	top = (struct top){ .n_events = 0 };
	return 0;
}

static int
end(void **state)
{
	(void)state;
	top_free(&top);
	return 0;
}

static void
take(const char *text)
{
	json_t *event = json_loads(text, 0, NULL);

	assert_non_null(event);
	top_take_event(&top, event);
	json_decref(event);
}

static void
accesses(const char *text)
{
	json_t *list = json_loads(text, 0, NULL);

	assert_int_equal(top_take_accesses(&top, list), 0);
	json_decref(list);
}

#define LIST                                                                         \
	"[{\"ip\":\"10.0.0.9\",\"door\":\"b\",\"since_ms\":1000,\"until_ms\":9000}," \
	"{\"ip\":\"10.0.0.2\",\"door\":\"c\",\"since_ms\":1000,\"until_ms\":null},"  \
	"{\"ip\":\"10.0.0.3\",\"door\":\"a\",\"since_ms\":1000,\"until_ms\":5000}]"

static void
ordered(enum top_order order, const char *doors)
{
	char got[8] = "";

	top.order = order;
	top_settle(&top, 2000);
	for (size_t i = 0; i < top.n_accesses; i++)
		strcat(got, top.accesses[i].door);
	assert_string_equal(got, doors);
}

static void
accesses_are_sorted_and_end(void **state)
{
	(void)state;
	accesses(LIST);
	ordered(TOP_BY_END, "abc");
	ordered(TOP_BY_CLIENT, "cab");
	ordered(TOP_BY_DOOR, "abc");
	top_settle(&top, 5000);
	assert_int_equal(top.n_accesses, 2);
	strcpy(top.filter, "0.9");
	assert_true(top_sees(&top, &top.accesses[0]));
	assert_false(top_sees(&top, &top.accesses[1]));
}

static void
bars(void **state)
{
	const struct top_access access = { .since_ms = 1000, .until_ms = 11000 }, endless = { .since_ms = 1000 };

	(void)state;
	assert_int_equal(top_left(&access, 1000, 20), 20);
	assert_int_equal(top_left(&access, 6000, 20), 10);
	assert_int_equal(top_left(&access, 10999, 20), 1);
	assert_int_equal(top_left(&access, 11000, 20), 0);
	assert_int_equal(top_left(&endless, 11000, 20), 20);
}

static void
events_are_counted_and_shown(void **state)
{
	json_t *doors = json_loads("[{\"name\":\"ssh\",\"hits\":5,\"openings\":1}]", 0, NULL);

	(void)state;
	assert_int_equal(top_take_doors(&top, doors), 0);
	json_decref(doors);
	take("{\"time_ms\":0,\"event\":\"watching\"}");
	take("{\"time_ms\":3723000,\"event\":\"stage\",\"door\":\"ssh\",\"ip\":\"10.0.0.2\",\"stage\":2}");
	assert_string_equal(top.events[0], "01:02:03  10.0.0.2: ssh: stage 2");
	assert_false(top.stale);
	take("{\"time_ms\":0,\"event\":\"open\",\"door\":\"ssh\",\"ip\":\"10.0.0.2\"}");
	assert_true(top.stale);
	assert_int_equal(top.n_events, 2);
	assert_int_equal(top.doors[0].hits, 6);
	assert_int_equal(top.doors[0].openings, 2);
	accesses("[]");
	assert_false(top.stale);
	take("{\"time_ms\":0,\"event\":\"lost\",\"count\":7}");
	assert_string_equal(top.events[2], "00:00:00  : 7 lost");
	for (int i = 0; i < 2 * TOP_EVENTS; i++)
		take("{\"time_ms\":0,\"event\":\"notice\",\"text\":\"x\\u001b[2J\"}");
	assert_string_equal(top.events[5], "00:00:00  x\xef\xbf\xbd[2J"); /* nothing that a terminal obeys */
}

static void
rates(void **state)
{
	(void)state;
	top_take_stats(&top, json_loads("{\"packets\":100,\"lost\":1}", 0, NULL), 1000);
	assert_int_equal(top.rates.hits, 0);
	top_take_stats(&top, json_loads("{\"packets\":150,\"lost\":1}", 0, NULL), 1500);
	assert_int_equal(top.rates.hits, 100);
	assert_int_equal(top.rates.lost, 0);
	top_take_stats(&top, json_loads("{\"packets\":0}", 0, NULL), 2500); /* another daemon */
	assert_int_equal(top.rates.hits, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(accesses_are_sorted_and_end, begin, end),
		cmocka_unit_test_setup_teardown(bars, begin, end),
		cmocka_unit_test_setup_teardown(events_are_counted_and_shown, begin, end),
		cmocka_unit_test_setup_teardown(rates, begin, end),
	};

	return cmocka_run_group_tests_name("top", tests, NULL, NULL);
}
