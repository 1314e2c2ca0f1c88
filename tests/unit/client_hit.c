/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "knock/hit.h"

static char err[256];

static void
reads(const char *text, bool udp, int port, int proto, const char *word)
{
	struct hit hit;

	memset(&hit, 0xa5, sizeof(hit));
	if (hit_parse(&hit, text, udp, err, sizeof(err)) != HIT_OK)
		fail_msg("\"%s\": %s", text, err);
	assert_null(hit.signer);
	assert_int_equal(hit.port, port);
	assert_int_equal(hit.proto, proto);
	assert_string_equal(hit.word, word);
}

static void
fails(const char *text, enum hit_status status, const char *reason)
{
	struct hit hit;

	assert_int_equal(hit_parse(&hit, text, false, err, sizeof(err)), status);
	if (reason)
		assert_string_equal(err, reason);
}

static void
numbers_and_protocols(void **state)
{
	(void)state;
	reads("7000", false, 7000, IPPROTO_TCP, "7000");
	reads("7000:tcp", false, 7000, IPPROTO_TCP, "7000");
	reads("7000:udp", false, 7000, IPPROTO_UDP, "7000");
	reads("7000:UDP", false, 7000, IPPROTO_UDP, "7000");
	reads("7000:", false, 7000, IPPROTO_TCP, "7000");
	reads("1", false, 1, IPPROTO_TCP, "1");
	reads("65535", false, 65535, IPPROTO_TCP, "65535");
	reads("007000", false, 7000, IPPROTO_TCP, "007000");
	reads(" 7000 : udp ", false, 7000, IPPROTO_UDP, "7000");
}

static void
udp_is_forced_on_all(void **state)
{
	(void)state;
	reads("7000", true, 7000, IPPROTO_UDP, "7000");
	reads("7000:tcp", true, 7000, IPPROTO_UDP, "7000");
}

static void
service_names_work(void **state)
{
	struct hit hit;

	(void)state;
	if (hit_parse(&hit, "ssh", false, err, sizeof(err)) == HIT_UNKNOWN)
		SKIP("no /etc/services");
	reads("ssh", false, 22, IPPROTO_TCP, "ssh");
	reads("domain:udp", false, 53, IPPROTO_UDP, "domain");
	reads("http:udp", false, 80, IPPROTO_UDP, "http");
	fails("no-such-service", HIT_UNKNOWN, NULL);
}

static void
a_word_that_is_no_port_is_an_error(void **state)
{
	(void)state;
	fails("0", HIT_BAD, "error: port 0 is invalid (1 to 65535, or a service name)");
	fails("65536", HIT_BAD, "error: port 65536 is invalid (1 to 65535, or a service name)");
	fails("70000", HIT_BAD, "error: port 70000 is invalid (1 to 65535, or a service name)");
	fails("-1", HIT_BAD, "error: port -1 is invalid (1 to 65535, or a service name)");
	fails("", HIT_BAD, "error: port \"\" is invalid (1 to 65535, or a service name)");
	fails(":udp", HIT_BAD, "error: port \"\" is invalid (1 to 65535, or a service name)");
	fails("99999999999999999999", HIT_BAD,
	      "error: port 99999999999999999999 is invalid (1 to 65535, or a service name)");
	fails("7000-7010", HIT_UNKNOWN, NULL);
}

static void
an_unknown_protocol_is_an_error(void **state)
{
	(void)state;
	fails("7000:xyz", HIT_BAD, "error: unknown protocol \"xyz\" in \"7000:xyz\" (tcp or udp)");
	fails("7000:tcp:udp", HIT_BAD, "error: unknown protocol \"tcp:udp\" in \"7000:tcp:udp\" (tcp or udp)");
}

static void
one_word_may_hold_a_list(void **state)
{
	struct hits hits = { .at = NULL };

	(void)state;
	assert_int_equal(hits_add(&hits, "7000,8000:udp, 9000", false, err, sizeof(err)), HIT_OK);
	assert_int_equal(hits_add(&hits, "10000", false, err, sizeof(err)), HIT_OK);
	assert_int_equal(hits.n, 4);
	assert_int_equal(hits.at[1].proto, IPPROTO_UDP);
	assert_int_equal(hits.at[2].port, 9000);
	assert_int_equal(hits.at[3].port, 10000);
	assert_int_equal(hits_add(&hits, "1,,2", false, err, sizeof(err)), HIT_BAD);
	hits_free(&hits);
	assert_null(hits.at);
}

static void
a_code_is_three_hits(void **state)
{
	struct hits hits = { .code = 5924 };
	struct seq seq;

	(void)state;
	assert_int_equal(hits_add(&hits, "7000,40000:totp", false, err, sizeof(err)), HIT_OK);
	assert_int_equal(hits_add(&hits, "20000:totp:udp", false, err, sizeof(err)), HIT_OK);
	assert_int_equal(hits.n, 7);
	for (size_t i = 0; i < 3; i++) {
		static const uint16_t digits[] = { 0, 59, 24 };

		assert_int_equal(hits.at[1 + i].port, 40000 + digits[i]);
		assert_int_equal(hits.at[1 + i].proto, IPPROTO_TCP);
		assert_int_equal(hits.at[4 + i].port, 20000 + digits[i]);
		assert_int_equal(hits.at[4 + i].proto, IPPROTO_UDP);
	}
	hits_free(&hits);
	assert_true(hits_need_code("7000,40000:totp") && hits_need_code("40000:TOTP"));
	assert_false(hits_need_code("40000:totp,7000") || hits_need_code("40000") || hits_need_code("totp"));
	fails("70000:totp", HIT_BAD, "error: unknown protocol \"totp\" in \"70000:totp\" (tcp or udp)");

	hits.code = 492817;
	assert_int_equal(seq_parse_client(&seq, "7000,40000:totp", NULL), 0);
	assert_int_equal(hits_set(&hits, &seq, true, NULL), 0);
	assert_int_equal(hits.n, 4);
	assert_int_equal(hits.at[1].port, 40049);
	assert_int_equal(hits.at[2].port, 40028);
	assert_int_equal(hits.at[3].port, 40017);
	assert_int_equal(hits.at[3].proto, IPPROTO_UDP);
	hits_free(&hits);
}

/* hit_show() writes this for the second hit. */
static void
shows(const struct hits *hits, const char *expected)
{
	struct place place = { .text = "fd00::1" };
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	hit_show(out, hits, 1, &place);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
}

static void
a_profiles_ports_are_never_shown(void **state)
{
	struct hits typed = { .at = NULL }, secret = { .at = NULL };
	struct seq seq;

	(void)state;
	assert_int_equal(hits_add(&typed, "7000,8000:udp", false, err, sizeof(err)), HIT_OK);
	shows(&typed, "hitting udp fd00::1:8000\n");
	hits_free(&typed);
	assert_int_equal(seq_parse(&seq, "7000,8000:udp", NULL), 0);
	assert_int_equal(hits_set(&secret, &seq, false, NULL), 0);
	shows(&secret, "hitting 2 of 2 at fd00::1\n");
	hits_free(&secret);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_and_protocols),
		cmocka_unit_test(udp_is_forced_on_all),
		cmocka_unit_test(service_names_work),
		cmocka_unit_test(a_word_that_is_no_port_is_an_error),
		cmocka_unit_test(an_unknown_protocol_is_an_error),
		cmocka_unit_test(one_word_may_hold_a_list),
		cmocka_unit_test(a_code_is_three_hits),
		cmocka_unit_test(a_profiles_ports_are_never_shown),
	};

	return cmocka_run_group_tests_name("client_hit", tests, NULL, NULL);
}
