/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "journal/record.h"

static struct record_buf buf;

static char *
line_of(const struct record *record)
{
	buf.len = 0;
	assert_int_equal(record_write(&buf, record), 0);
	assert_int_equal(buf.text[buf.len - 1], '\n');
	buf.text[buf.len - 1] = '\0';
	return buf.text;
}

/* Later versions must read the files of this one, so these lines never change. */
static void
lines_have_the_known_form(void **state)
{
	struct record record = { .verb = RECORD_JOURNAL, .id = 1, .rest = "0b1d" };

	(void)state;
	assert_string_equal(line_of(&record), "d37eab4761a8473b journal 1 0b1d");
	record = (struct record){ RECORD_ADD, 7, { 5000, 1800000000000 }, 3000, "command 192.0.2.7 ssh rm%20x" };
	assert_string_equal(line_of(&record),
			    "ead4ab9c49d71e59 add 7 5000 1800000000000 3000 command 192.0.2.7 ssh rm%20x");
	record.verb = RECORD_MOVE;
	assert_string_equal(line_of(&record), "3b0d5b4fdfc8fdc8 move 7 5000 1800000000000 3000");
	record.verb = RECORD_END;
	assert_string_equal(line_of(&record), "155380264f54e3ad end 7");
}

static void
a_written_line_is_read_back(void **state)
{
	struct record record = { RECORD_ADD, 7, { 5000, 1800000000000 }, -3000, "grant 2001:db8::1 d t" }, read;
	char *line = line_of(&record);

	(void)state;
	assert_int_equal(record_read(&read, line, strlen(line)), 0);
	assert_int_equal(read.verb, RECORD_ADD);
	assert_int_equal(read.id, 7);
	assert_int_equal(read.end.boot_ms, 5000);
	assert_int_equal(read.end.wall_ms, 1800000000000);
	assert_int_equal(read.left_ms, -3000);
	assert_string_equal(read.rest, "grant 2001:db8::1 d t");
}

static void
any_changed_byte_is_noticed(void **state)
{
	struct record record = { RECORD_MOVE, 7, { 5000, 1800000000000 }, 3000, NULL }, read;
	char copy[128];
	size_t len = strlen(line_of(&record));

	(void)state;
	for (size_t i = 0; i < len; i++) {
		for (int flip = 1; flip < 256; flip++) {
			memcpy(copy, buf.text, len + 1);
			copy[i] = (char)(copy[i] ^ flip);
			assert_int_equal(record_read(&read, copy, len), -1);
		}
		memcpy(copy, buf.text, len + 1);
		copy[i] = '\0';
		assert_int_equal(record_read(&read, copy, i), -1);
	}
}

static void
every_byte_survives_in_strings(void **state)
{
	char all[256], many[8192];
	struct journal_entry entry = { .kind = JOURNAL_COMMAND, .door = all, .text = many }, read;
	char *rest;

	(void)state;
	for (size_t i = 0; i < 255; i++)
		all[i] = (char)(i + 1);
	all[255] = '\0';
	memset(many, '%', sizeof(many) - 1);
	many[sizeof(many) - 1] = '\0';
	assert_int_equal(addr_parse(&entry.ip, "2001:db8::7"), 0);
	rest = record_pack(&entry);
	assert_non_null(rest);
	assert_null(strchr(rest, '\n'));
	assert_int_equal(record_unpack(&read, rest), 0);
	assert_int_equal(read.kind, JOURNAL_COMMAND);
	assert_string_equal(read.door, all);
	assert_string_equal(read.text, many);
	assert_true(addr_equal(&read.ip, &entry.ip));
	free(rest);
}

/* ... as in files of versions that did not write one */
static void
the_beginning_may_be_missing(void **state)
{
	char old[] = "command 192.0.2.7 d t", new[] = "command 192.0.2.7 d t 1800000000000", *rest;
	struct journal_entry read;

	(void)state;
	assert_int_equal(record_unpack(&read, old), 0);
	assert_string_equal(read.text, "t");
	assert_int_equal(read.since_wall_ms, 0);
	assert_int_equal(record_unpack(&read, new), 0);
	assert_string_equal(read.text, "t");
	assert_int_equal(read.since_wall_ms, 1800000000000);
	rest = record_pack(&read);
	assert_string_equal(rest, "command 192.0.2.7 d t 1800000000000");
	free(rest);
}

static void
strings_may_be_empty(void **state)
{
	char nothing[] = "";
	struct journal_entry entry = { .kind = JOURNAL_GRANT, .door = nothing, .text = nothing }, read;
	char *rest;

	(void)state;
	assert_int_equal(addr_parse(&entry.ip, "192.0.2.7"), 0);
	rest = record_pack(&entry);
	assert_string_equal(rest, "grant 192.0.2.7  ");
	assert_int_equal(record_unpack(&read, rest), 0);
	assert_string_equal(read.door, "");
	assert_string_equal(read.text, "");
	free(rest);
}

static void
nonsense_is_refused(void **state)
{
	static const char *const bad[] = { "",
					   "grant",
					   "grant 192.0.2.7",
					   "grant 192.0.2.7 d",
					   "grant 192.0.2 d t",
					   "open 192.0.2.7 d t",
					   "grant 192.0.2.7 d %2",
					   "grant 192.0.2.7 %zz t",
					   "grant 192.0.2.7 d t x",
					   "grant 192.0.2.7 d t -1",
					   "grant 192.0.2.7 d t ",
					   "grant 192.0.2.7 d t 1 2 3",
					   "grant 192.0.2.7 d t 1 %",
					   "grant 192.0.2.7 d t 0" };
	struct journal_entry entry = { .kind = JOURNAL_GRANT, .door = NULL, .text = NULL };
	struct record record = { .verb = RECORD_END, .id = 0 }, read;
	char *line = line_of(&record);

	(void)state;
	assert_int_equal(record_read(&read, line, strlen(line)), -1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		char *copy = strdup(bad[i]);

		assert_int_equal(record_unpack(&entry, copy), -1);
		free(copy);
	}
	entry = (struct journal_entry){ .kind = JOURNAL_GRANT }; /* without an address */
	assert_null(record_pack(&entry));
}

static void
moments_do_not_overflow(void **state)
{
	struct moment now = moment_now(), late = moment_after(now, INT64_MAX);

	(void)state;
	assert_true(now.boot_ms > 0 && now.wall_ms > 0);
	assert_int_equal(moment_after(now, 90).boot_ms, now.boot_ms + 90);
	assert_int_equal(moment_after(now, -90).wall_ms, now.wall_ms - 90);
	assert_int_equal(late.boot_ms, MOMENT_MAX_MSEC);
	assert_int_equal(moment_after(late, INT64_MAX).wall_ms, MOMENT_MAX_MSEC);
	assert_int_equal(moment_after(now, INT64_MIN).boot_ms, -MOMENT_MAX_MSEC);
}

static void
a_boot_has_one_name(void **state)
{
	char first[MOMENT_BOOT_LEN], second[MOMENT_BOOT_LEN];

	(void)state;
	assert_string_equal(moment_boot(first), moment_boot(second));
	assert_true(strlen(first) > 0);
	assert_null(strpbrk(first, " \n"));
}

static int
tear_down(void **state)
{
	(void)state;
	free(buf.text);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_have_the_known_form),    cmocka_unit_test(a_written_line_is_read_back),
		cmocka_unit_test(any_changed_byte_is_noticed),  cmocka_unit_test(every_byte_survives_in_strings),
		cmocka_unit_test(the_beginning_may_be_missing), cmocka_unit_test(strings_may_be_empty),
		cmocka_unit_test(nonsense_is_refused),          cmocka_unit_test(moments_do_not_overflow),
		cmocka_unit_test(a_boot_has_one_name),
	};

	return cmocka_run_group_tests_name("journal_record", tests, NULL, tear_down);
}
