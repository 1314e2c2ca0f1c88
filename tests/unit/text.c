/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include "text.h"

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
what_is_no_utf8_is_replaced(void **state)
{
	(void)state;
	assert_string_equal(clean("a\xff" "b"), "a" INSTEAD "b");
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8_stays),
		cmocka_unit_test(what_is_no_utf8_is_replaced),
		cmocka_unit_test(a_terminal_gets_no_control_characters),
		cmocka_unit_test(cut_between_two_characters),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
