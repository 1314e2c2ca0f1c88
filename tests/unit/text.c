/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <string.h>

#include "lib/text.h"

#define INSTEAD "\xef\xbf\xbd"

static const char *
clean(const char *text)
{
	static char buf[256];

	return text_utf8(text, false, buf, sizeof(buf));
}

static void
utf8_stays(void **state)
{
	static const char text[] = "a\t\x7f \xc3\xa9 \xe2\x82\xac \xf0\x9f\x9a\xaa \xf4\x8f\xbf\xbf \xed\x9f\xbf";

	(void)state;
	assert_string_equal(clean(text), text);
	assert_string_equal(clean(""), "");
}

static void
invalid_utf8_is_replaced(void **state)
{
	(void)state;
	assert_string_equal(clean("a\xff"
				  "b"),
			    "a" INSTEAD "b");
	assert_string_equal(clean("\xc3"), INSTEAD);
	assert_string_equal(clean("\xe2\x82"), INSTEAD INSTEAD);
	assert_string_equal(clean("\xc0\x80"), INSTEAD INSTEAD);
	assert_string_equal(clean("\xe0\x80\x80"), INSTEAD INSTEAD INSTEAD);
	assert_string_equal(clean("\xed\xa0\x80"), INSTEAD INSTEAD INSTEAD);
	assert_string_equal(clean("\xf4\x90\x80\x80"), INSTEAD INSTEAD INSTEAD INSTEAD);
	assert_string_equal(clean("\xc3\xc3\xa9"), INSTEAD "\xc3\xa9");
}

static void
a_terminal_gets_no_control_characters(void **state)
{
	char buf[64];

	(void)state;
	assert_string_equal(text_utf8("a\033[1m\n\x7f \xc2\x9b \xc2\xa0", true, buf, sizeof(buf)),
			    "a" INSTEAD "[1m" INSTEAD INSTEAD " " INSTEAD " \xc2\xa0");
}

static void
cut_between_two_characters(void **state)
{
	char buf[5];

	(void)state;
	assert_string_equal(text_utf8("abcde", false, buf, sizeof(buf)), "abcd");
	assert_string_equal(text_utf8("ab\xe2\x82\xac", false, buf, sizeof(buf)), "ab");
	assert_string_equal(text_utf8("abc\xff", false, buf, sizeof(buf)), "abc");
	assert_string_equal(text_utf8("a\xe2\x82\xac", false, buf, sizeof(buf)), "a\xe2\x82\xac");
}

static void
a_copy_is_cut_between_two_characters(void **state)
{
	char buf[5];

	(void)state;
	assert_int_equal(text_copy(buf, sizeof(buf), "ab\xc3\xa9"), 0);
	assert_string_equal(buf, "ab\xc3\xa9");
	assert_int_equal(text_copy(buf, sizeof(buf), "abc\xc3\xa9"), -1);
	assert_string_equal(buf, "abc");
	assert_int_equal(text_copy(buf, sizeof(buf), "ab\xe2\x82\xac"), -1);
	assert_string_equal(buf, "ab");
	assert_int_equal(text_copy(buf, sizeof(buf), "a\xf0\x9f\x9a\xaa"), -1);
	assert_string_equal(buf, "a");
	assert_int_equal(text_copy(buf, sizeof(buf), "a\xe2\x82\xac!"), -1);
	assert_string_equal(buf, "a\xe2\x82\xac");
	/* no UTF-8: cut at the byte */
	assert_int_equal(text_copy(buf, sizeof(buf), "\x80\x80\x80\x80\x80"), -1);
	assert_string_equal(buf, "\x80\x80\x80\x80");
	assert_int_equal(text_copy(buf, sizeof(buf), "abc\xe9!"), -1);
	assert_string_equal(buf, "abc\xe9");
	assert_int_equal(text_copy(buf, 1, "\xc3\xa9"), -1);
	assert_string_equal(buf, "");
}

static void
a_pen_writes_piece_by_piece(void **state)
{
	char buf[64];
	struct pen pen = text_pen(buf, sizeof(buf));

	(void)state;
	assert_string_equal(buf, "");
	text_write(&pen, "one ", "", "two", NULL);
	assert_string_equal(buf, "one two");
	text_write(&pen, NULL);
	text_write_number(&pen, 0);
	text_write(&pen, " ", NULL);
	text_write_number(&pen, 1234567890);
	text_write(&pen, " ", NULL);
	text_write_number(&pen, UINT64_MAX);
	assert_string_equal(buf, "one two0 1234567890 18446744073709551615");
}

/* At any length, and not a byte beyond. */
static void
a_pen_stops_where_the_room_ends(void **state)
{
	static const char whole[] = "one two 1001";

	(void)state;
	for (size_t len = 0; len < sizeof(whole) + 2; len++) {
		char buf[32];
		struct pen pen;

		memset(buf, '#', sizeof(buf));
		pen = text_pen(buf, len);
		text_write(&pen, "one ", "two", " ", NULL);
		text_write_number(&pen, 1001);
		text_write(&pen, "", NULL);
		for (size_t i = len; i < sizeof(buf); i++)
			assert_int_equal(buf[i], '#');
		if (!len)
			continue;
		assert_memory_equal(buf, whole, len <= sizeof(whole) ? len - 1 : sizeof(whole));
		assert_int_equal(buf[len <= sizeof(whole) ? len - 1 : sizeof(whole) - 1], '\0');
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8_stays),
		cmocka_unit_test(invalid_utf8_is_replaced),
		cmocka_unit_test(a_terminal_gets_no_control_characters),
		cmocka_unit_test(cut_between_two_characters),
		cmocka_unit_test(a_copy_is_cut_between_two_characters),
		cmocka_unit_test(a_pen_writes_piece_by_piece),
		cmocka_unit_test(a_pen_stops_where_the_room_ends),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
