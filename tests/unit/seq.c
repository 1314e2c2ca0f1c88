/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "lib/seq.h"

static void
good(const char *text, const char *expected)
{
	struct seq seq;
	char err[160] = "", back[SEQ_STRLEN];

	if (seq_parse(&seq, text, err, sizeof(err)))
		fail_msg("\"%s\": %s", text, err);
	assert_string_equal(seq_format(&seq, back, sizeof(back)), expected);
}

static void
bad(const char *text, const char *reason)
{
	struct seq seq = { .n = 7 };
	char err[160] = "";

	assert_int_equal(seq_parse(&seq, text, err, sizeof(err)), -1);
	assert_string_equal(err, reason);
	assert_int_equal(seq.n, 7);
}

static void
ports_and_protocols(void **state)
{
	(void)state;
	good("7000,8000,9000", "7000:tcp,8000:tcp,9000:tcp");
	good("2222:udp, 3333 : TCP ,4444:Udp", "2222:udp,3333:tcp,4444:udp");
	good("1:udp:whatever", "1:udp");
	good("65535", "65535:tcp");
}

static void
what_atoi_swallowed_is_an_error(void **state)
{
	(void)state;
	bad("", "port \"\" is invalid");
	bad("7000,", "port \"\" is invalid");
	bad("0", "port 0 is invalid");
	bad("-1", "port -1 is invalid");
	bad("7000,7001-7010", "item 2 in knock sequence is no port (there are no ranges)");
	bad("65536", "port 65536 is invalid");
	bad("99999999999999999999999", "port 99999999999999999999999 is invalid");
	bad("hello world", "port hello world is invalid");
	bad("7000 8000 9000", "item 1 in knock sequence is no port");
	bad("7000:8000", "unknown protocol in knock sequence, item 1");
	bad("7000:tcp 8000:tcp", "unknown protocol in knock sequence, item 1");
	bad("1:icmp", "unknown protocol in knock sequence: \"icmp\"");
}

static void
at_most_32_entries(void **state)
{
	char text[256] = "1";

	(void)state;
	for (int i = 1; i < SEQ_MAX; i++)
		strcat(text, ",1");
	struct seq seq;
	char err[80];
	assert_int_equal(seq_parse(&seq, text, err, sizeof(err)), 0);
	assert_int_equal(seq.n, SEQ_MAX);
	strcat(text, ",1");
	bad(text, "too many ports in knock sequence (at most 32)");
}

static void
format_cuts_at_the_buffer(void **state)
{
	struct seq seq;
	char err[80], small[8];

	(void)state;
	assert_int_equal(seq_parse(&seq, "7000,8000", err, sizeof(err)), 0);
	assert_string_equal(seq_format(&seq, small, sizeof(small)), "7000:tc");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports_and_protocols),
		cmocka_unit_test(what_atoi_swallowed_is_an_error),
		cmocka_unit_test(at_most_32_entries),
		cmocka_unit_test(format_cuts_at_the_buffer),
	};

	return cmocka_run_group_tests_name("seq", tests, NULL, NULL);
}
