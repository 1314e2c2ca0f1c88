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
	char back[SEQ_STRLEN];

	assert_int_equal(seq_parse(&seq, text, NULL), 0);
	assert_string_equal(seq_format(&seq, back, sizeof(back)), expected);
}

static void
bad(const char *text, enum seq_fault fault, size_t item, const char *word)
{
	struct seq seq = { .n = 7 };
	struct seq_error error;

	assert_int_equal(seq_parse(&seq, text, &error), -1);
	assert_int_equal(error.fault, fault);
	assert_int_equal(error.item, item);
	assert_string_equal(error.word, word);
	assert_int_equal(seq.n, 7);
	assert_int_equal(seq_parse(&seq, text, NULL), -1);
}

static void
ports_and_protocols(void **state)
{
	(void)state;
	good("7000,8000,9000", "7000:tcp,8000:tcp,9000:tcp");
	good("2222:udp, 3333 : TCP ,4444:Udp", "2222:udp,3333:tcp,4444:udp");
	good("65535", "65535:tcp");
}

static void
text_that_atoi_ignored_is_an_error(void **state)
{
	(void)state;
	bad("", SEQ_NO_PORT, 1, "");
	bad("7000,", SEQ_NO_PORT, 2, "");
	bad("0", SEQ_NO_PORT, 1, "0");
	bad("-1", SEQ_NO_PORT, 1, "-1");
	bad("7000, 7001-7010", SEQ_NO_PORT, 2, "7001-7010");
	bad("65536", SEQ_NO_PORT, 1, "65536");
	bad("99999999999999999999999", SEQ_NO_PORT, 1, "99999999999999999999999");
	bad("hello world", SEQ_NO_PORT, 1, "hello world");
	bad("7000 8000 9000", SEQ_NO_PORT, 1, "7000 8000 9000");
	bad("7000:8000", SEQ_NO_PROTOCOL, 1, "8000");
	bad("7000:tcp 8000:tcp", SEQ_NO_PROTOCOL, 1, "tcp 8000:tcp");
	bad("1:icmp", SEQ_NO_PROTOCOL, 1, "icmp");
	bad("1:udp:whatever", SEQ_NO_PROTOCOL, 1, "udp:whatever");
	bad("7000:tcp:udp", SEQ_NO_PROTOCOL, 1, "tcp:udp");
}

static void
at_most_32_entries(void **state)
{
	char text[256] = "1";

	(void)state;
	for (int i = 1; i < SEQ_MAX; i++)
		strcat(text, ",1");
	struct seq seq;
	assert_int_equal(seq_parse(&seq, text, NULL), 0);
	assert_int_equal(seq.n, SEQ_MAX);
	strcat(text, ",1");
	bad(text, SEQ_TOO_MANY, SEQ_MAX + 1, "");
}

static void
format_cuts_at_the_buffer(void **state)
{
	struct seq seq;
	char small[8];

	(void)state;
	assert_int_equal(seq_parse(&seq, "7000,8000", NULL), 0);
	assert_string_equal(seq_format(&seq, small, sizeof(small)), "7000:tc");
}

static void
signed_knocks(void **state)
{
	static const char *const good[][2] = {
		{ "62201:auth", "62201:auth" },
		{ "62000-62999 : AUTH", "62000-62999:auth" },
		{ "7000,8000:udp, 62000 - 62001:auth", "7000:tcp,8000:udp,62000-62001:auth" },
		{ "5-5:auth", "5:auth" },
	};
	static const char *const wrong[] = {
		"62201:auth,7000", "62999-62000:auth", "0:auth",    "1-65536:auth", "1-:auth",
		"-1:auth",         "1-2:udp",          "1-2",       ":auth",        "auth",
		"1-2-3:auth",      "1:auth,2:auth",    "1:auth:udp"
	};
	struct seq_error error;
	char text[SEQ_STRLEN];
	struct seq seq;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(seq_parse_door(&seq, good[i][0], NULL), 0);
		assert_string_equal(seq_format(&seq, text, sizeof(text)), good[i][1]);
		assert_ptr_equal(seq_auth(&seq), &seq.at[seq.n - 1]);
		assert_int_equal(seq_parse(&seq, good[i][0], NULL), -1); /* only a door has them */
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (!seq_parse_door(&seq, wrong[i], NULL))
			fail_msg("accepted: %s", wrong[i]);
	assert_int_equal(seq_parse_door(&seq, "62999-62000:auth", &error), -1);
	assert_int_equal(error.fault, SEQ_BACKWARDS);
	assert_int_equal(seq_parse_door(&seq, "62000-99999:auth", &error), -1);
	assert_string_equal(error.word, "99999");
	assert_int_equal(seq_parse_door(&seq, "1,2", NULL), 0);
	assert_null(seq_auth(&seq));
}

static void
codes(void **state)
{
	static const char *const good[][2] = {
		{ "7000,40000:totp", "7000:tcp,40000:totp" },
		{ "7000, 40000 : TOTP : udp", "7000:tcp,40000:totp:udp" },
		{ "65436:totp", "65436:totp" },
	};
	static const struct {
		const char *text;
		enum seq_fault fault;
		size_t item;
	} wrong[] = {
		{ "7000,40000:totp,8000", SEQ_NOT_LAST, 2 },
		{ "65437:totp", SEQ_NO_ROOM, 1 },
		{ "7000,0:totp", SEQ_NO_PORT, 2 },
		{ "40000-40099:totp", SEQ_NO_PORT, 1 },
		{ "totp", SEQ_NO_PORT, 1 },
		{ "40000:totp:sctp", SEQ_NO_PROTOCOL, 1 },
		{ "40000:totp:udp:tcp", SEQ_NO_PROTOCOL, 1 },
		{ "40000:totpx", SEQ_NO_PROTOCOL, 1 },
		{ "40000:totp,62201:auth", SEQ_NOT_LAST, 1 },
	};
	char text[SEQ_STRLEN], many[SEQ_MAX * 2 + 16] = "";
	struct seq seq, client;
	struct seq_error error;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(seq_parse_door(&seq, good[i][0], NULL), 0);
		assert_int_equal(seq_parse_client(&client, good[i][0], NULL), 0);
		assert_true(seq_equal(&seq, &client));
		assert_string_equal(seq_format(&seq, text, sizeof(text)), good[i][1]);
		assert_ptr_equal(seq_code(&seq), &seq.at[seq.n - SEQ_CODE_STEPS]);
		assert_null(seq_auth(&seq));
		assert_int_equal(seq_last(seq_code(&seq)), seq_code(&seq)->port + 99);
		assert_int_equal(seq_parse(&seq, good[i][0], NULL), -1); /* neither one-time files nor `open` */
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(seq_parse_door(&seq, wrong[i].text, &error), -1);
		assert_int_equal(error.fault, wrong[i].fault);
		assert_int_equal(error.item, wrong[i].item);
	}
	assert_int_equal(seq_parse_client(&seq, "62201:auth", NULL), -1);
	for (size_t i = 0; i < SEQ_MAX - SEQ_CODE_STEPS; i++)
		strcat(many, "1,");
	strcat(many, "1000:totp");
	assert_int_equal(seq_parse_door(&seq, many, NULL), 0);
	assert_int_equal(seq.n, SEQ_MAX);
	assert_string_equal(seq_format(&seq, text, sizeof(text)) + strlen(text) - 10, ",1000:totp");
	memmove(many + 2, many, strlen(many) + 1);
	assert_int_equal(seq_parse_door(&seq, many, &error), -1);
	assert_int_equal(error.fault, SEQ_TOO_MANY);
	assert_int_equal(seq_parse_door(&seq, "1,2,3", NULL), 0);
	assert_null(seq_code(&seq));

	assert_int_equal(seq_parse_door(&seq, "40000:totp", NULL), 0);
	assert_int_equal(seq_code_port(seq_code(&seq), 492817, 0), 40049);
	assert_int_equal(seq_code_port(seq_code(&seq), 492817, 1), 40028);
	assert_int_equal(seq_code_port(seq_code(&seq), 492817, 2), 40017);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signed_knocks),       cmocka_unit_test(codes),
		cmocka_unit_test(ports_and_protocols), cmocka_unit_test(text_that_atoi_ignored_is_an_error),
		cmocka_unit_test(at_most_32_entries),  cmocka_unit_test(format_cuts_at_the_buffer),
	};

	return cmocka_run_group_tests_name("seq", tests, NULL, NULL);
}
