/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <netinet/in.h>

#include <linux/netfilter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/element.h"

/* Parses the text and writes the command for 192.0.2.7. */
static void
good(const char *text, const char *expected)
{
	struct element element;
	struct addr ip;
	char err[200] = "", command[1024];

	assert_int_equal(addr_parse(&ip, "192.0.2.7"), 0);
	if (element_parse(&element, text, err, sizeof(err)))
		fail_msg("\"%s\": %s", text, err);
	assert_string_equal(element_command(&element, "add", &ip, NULL, command, sizeof(command)), expected);
	element_free(&element);
}

static void
bad(const char *text, const char *reason)
{
	struct element element;
	char err[200] = "";

	assert_int_equal(element_parse(&element, text, err, sizeof(err)), -1);
	assert_string_equal(err, reason);
	assert_null(element.table);
	assert_int_equal(element.n_parts, 0);
}

static void
every_form_nft_has(void **state)
{
	(void)state;
	good("inet filter ok { %IP% }", "nft add element inet filter ok '{ 192.0.2.7 }'");
	good("filter ok {%IP%}", "nft add element ip filter ok '{ 192.0.2.7 }'");
	good("  inet\tfilter ok{ %IP% . tcp . 22 timeout 30m } ",
	     "nft add element inet filter ok '{ 192.0.2.7 . tcp . 22 timeout 30m }'");
	good("netdev f ok { %IP%/24 timeout 90 }", "nft add element netdev f ok '{ 192.0.2.7/24 timeout 1m30s }'");
	good("bridge f ok { \"eth0\" . aa:bb:cc:dd:ee:ff }",
	     "nft add element bridge f ok '{ eth0 . aa:bb:cc:dd:ee:ff }'");
	good("ip6 f ok { fe80:: . 0x1f }", "nft add element ip6 f ok '{ fe80:: . 0x1f }'");
	good("ip f ok { 10.0.0.1 }", "nft add element ip f ok '{ 10.0.0.1 }'");
	good("ip f ok { 100-200 }", "nft add element ip f ok '{ 100-200 }'");
}

/* No packet has such an IPv6 address. */
static void
ipv4_addresses_written_as_ipv6_ones(void **state)
{
	(void)state;
	good("inet f ok { ::ffff:10.0.0.1 }", "nft add element inet f ok '{ 10.0.0.1 }'");
	good("inet f ok { %IP% . ::FFFF:a00:1 }", "nft add element inet f ok '{ 192.0.2.7 . 10.0.0.1 }'");
	good("inet f ok { ::ffff:10.0.0.0/104 }", "nft add element inet f ok '{ 10.0.0.0/8 }'");
	good("inet f ok { ::ffff:10.0.0.1-::ffff:10.0.0.9 }", "nft add element inet f ok '{ 10.0.0.1-10.0.0.9 }'");
	good("inet f m { %IP% : ::ffff:10.0.0.1 . 80 }", "nft add element inet f m '{ 192.0.2.7 : 10.0.0.1 . 80 }'");
	good("inet f ok { ::ffff:10.0.0.0/24 }", "nft add element inet f ok '{ ::ffff:10.0.0.0/24 }'");
	good("inet f ok { ::fffe:10.0.0.1 }", "nft add element inet f ok '{ ::fffe:10.0.0.1 }'");
}

static void
maps_take_their_timeout_on_either_side(void **state)
{
	const char *expected = "nft add element inet f m '{ 192.0.2.7 timeout 1h : jump web }'";

	(void)state;
	good("inet f m { %IP% timeout 1h : jump web }", expected);
	good("inet f m { %IP% : jump web timeout 1h }", expected);
	good("inet f m { %IP%: jump  web timeout 1h }", expected);
	good("inet f m { 22 : %IP% . 80 }", "nft add element inet f m '{ 22 : 192.0.2.7 . 80 }'");
}

static void
for_one_client(void **state)
{
	struct element element;
	struct addr ip;
	char text[128], err[200];

	(void)state;
	assert_int_equal(addr_parse(&ip, "2001:db8::7"), 0);
	assert_int_equal(element_parse(&element, "inet f m { %IP%/64 . tcp . 22 timeout 1h : jump web }", err,
				       sizeof(err)),
			 0);
	assert_string_equal(element_for(&element, &ip, text, sizeof(text)),
			    "inet f m { 2001:db8::7/64 . tcp . 22 : jump web }");
	assert_string_equal(element_for(&element, &ip, text, 10), "inet f m ");
	element_free(&element);
}

static void
the_parts_of_one(void **state)
{
	struct element element;
	char err[80];

	(void)state;
	assert_int_equal(element_parse(&element, "inet t s { %IP% . 443 timeout 1d : 0x2 }", err, sizeof(err)), 0);
	assert_int_equal(element.family, NFPROTO_INET);
	assert_string_equal(element.table, "t");
	assert_string_equal(element.set, "s");
	assert_int_equal(element.n_parts, 2);
	assert_string_equal(element.parts[0], "%IP%");
	assert_string_equal(element.parts[1], "443");
	assert_string_equal(element.data, "0x2");
	assert_int_equal(element.timeout_ms, 86400000);
	element_free(&element);
	element_free(&element);
}

static void
what_is_wrong_is_quoted(void **state)
{
	(void)state;
	bad("", "the { is missing: expected \"family table set { key }\"");
	bad("inet filter ok %IP%", "the { is missing: expected \"family table set { key }\"");
	bad("ok { %IP% }", "expected \"[family] table set\" before the {");
	bad("inet filter { %IP% }", "the name of the set is missing: expected \"[family] table set\" before the {");
	bad("ip6 f{ %IP% }", "the name of the set is missing: expected \"[family] table set\" before the {");
	bad("inet filter @ok { %IP% }", "\"@ok\" is not a valid name of a set (no @ here)");
	bad("a inet filter ok { %IP% }", "expected \"[family] table set\" before the {");
	bad("ipx filter ok { %IP% }", "unknown family \"ipx\" (inet, ip, ip6, netdev, bridge, arp)");
	bad("inet fil;ter ok { %IP% }", "\"fil;ter\" is not a valid name of a table");
	bad("inet filter 0k { %IP% }", "\"0k\" is not a valid name of a set");
	bad("inet filter ok { }", "there is nothing between the braces");
	bad("inet filter ok { %IP%", "the closing } is missing");
	bad("inet filter ok { { %IP% } }", "expected a value before \"{\"");
	bad("inet filter ok { %IP% } timeout 1h", "unexpected \"timeout\" after the }");
	bad("inet filter ok { %IP% . }", "expected a value before \"}\"");
	bad("inet filter ok { . %IP% }", "expected a value before \".\"");
	bad("inet filter ok { timeout 1h }", "expected a value before \"timeout\"");
	bad("inet filter ok { %IP% 22 }", "unexpected \"22\"");
	bad("inet filter ok { %IP% timeout }", "\"}\" is not a timeout (for example 90, 30s, 1h30m, 7d)");
	bad("inet filter ok { %IP% timeout 1x }", "\"1x\" is not a timeout (for example 90, 30s, 1h30m, 7d)");
	bad("inet filter ok { %IP% timeout 1h timeout 2h }", "more than one timeout");
	bad("inet filter ok { %IP% comment \"x\" }", "\"comment\" is not allowed: knockd sets the comment");
	bad("inet filter ok { %IP% expires 1h }", "\"expires\" is not allowed: use timeout");
	bad("inet filter ok { %IP%, 10.0.0.1 }", "\"%IP%,\": only one element may be between the braces");
	bad("inet filter ok { %IP% , 10.0.0.1 }", "\",\": only one element may be between the braces");
	bad("inet filter ok { %IP% ; flush }", "unexpected \";\"");
	bad("inet filter ok { $(id) }", "\"$(id)\" is not a valid value");
	bad("inet filter ok { %IP% : }", "expected a value after \":\"");
	bad("inet filter ok { %IP% : a . }", "expected a value before \"}\"");
	bad("inet filter ok { %IP% : a : b }", "more than one \":\"");
	bad("nft add element inet filter ok { %IP% }",
	    "expected \"[family] table set\" before the {, without a command of nft");
	bad("add element inet filter ok \\{ %IP% \\}",
	    "expected \"[family] table set\" before the {, without a command of nft");
	bad("inet filter ok '{ %IP% }'", "expected \"[family] table set\" before the {, without quotes");
	bad("inet filter ok { %IP% .22 }", "unexpected \".22\": a \".\" has a blank on each side");
	bad("inet filter ok { %IP%. tcp . 22 }", "unexpected \"tcp\": a \".\" has a blank on each side");
	bad("inet filter ok { %IP% timeout 1h 30m }", "unexpected \"30m\": a time has no blanks");
	bad("inet filter ok { %IP% timeout 5 m }", "unexpected \"m\": a time has no blanks");
	bad("inet filter ok { %IP% timeout 1h counter }", "unexpected \"counter\"");
	bad("inet f s { 1 . 2 . 3 . 4 . 5 . 6 . 7 . 8 . 9 }", "a key has at most 8 parts");
}

static void
a_long_text_is_refused(void **state)
{
	char text[ELEMENT_TEXT_MAX + 1];

	(void)state;
	memset(text, '{', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	bad(text, "the element is longer than 4095 characters");
	text[sizeof(text) - 2] = '\0';
	bad(text, "too many words");
}

static void
commands_survive_a_shell_and_nft(void **state)
{
	struct element element;
	struct addr ip;
	char err[80], command[600], small[12];

	(void)state;
	assert_int_equal(addr_parse(&ip, "2001:db8::7"), 0);
	assert_int_equal(element_parse(&element, "inet t s { %IP% timeout 1h : accept }", err, sizeof(err)), 0);
	assert_string_equal(
	    element_command(&element, "add", &ip, "bob's \"door\"\n", command, sizeof(command)),
	    "nft add element inet t s '{ 2001:db8::7 timeout 1h comment \"bob'\\''s _door__\" : accept }'");
	assert_string_equal(element_command(&element, "delete", &ip, "x", command, sizeof(command)),
			    "nft delete element inet t s '{ 2001:db8::7 }'");
	assert_string_equal(element_command(&element, "delete", &ip, "x", small, sizeof(small)), "nft delete ");
	element_free(&element);
}

static void
comments_are_cut_at_nfts_limit(void **state)
{
	char text[300], comment[ELEMENT_COMMENT_MAX];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(strlen(element_comment(text, comment)), 128);
	assert_string_equal(element_comment("", comment), "");
	memcpy(text + 127, "\xc3\xa9", 2); /* the limit is in the middle of it */
	assert_int_equal(strlen(element_comment(text, comment)), 127);
	memcpy(text + 126, "\xc3\xa9", 2);
	element_comment(text, comment);
	assert_int_equal(strlen(comment), 128);
	assert_string_equal(comment + 126, "\xc3\xa9");
}

/* nft shows no comment that is not UTF-8. */
static void
comments_are_utf8(void **state)
{
	char comment[ELEMENT_COMMENT_MAX];

	(void)state;
	assert_string_equal(element_comment("caf\xe9 \xe2\x82 \xc3\xa9", comment), "caf_ __ \xc3\xa9");
}

static void
timeouts_are_the_kernels(void **state)
{
	struct element element;
	char err[160];

	(void)state;
	assert_int_equal(element_parse(&element, "inet f s { %IP% timeout 18446744073708ms }", err, sizeof(err)), 0);
	assert_true(element.timeout_ms == ELEMENT_TIMEOUT_MAX_MSEC);
	element_free(&element);
	bad("inet f s { %IP% timeout 18446744073709ms }",
	    "\"18446744073709ms\" is longer than the kernel allows (18446744073708ms)");
}

static void
split_at_dots_that_stand_alone(void **state)
{
	char text[] = "10.0.0.1 . eth0.5 .  22", many[] = "1 . 2 . 3 . 4 . 5 . 6 . 7 . 8 . 9";
	char *parts[ELEMENT_PARTS];

	(void)state;
	assert_int_equal(element_split(text, parts), 3);
	assert_string_equal(parts[0], "10.0.0.1");
	assert_string_equal(parts[1], "eth0.5");
	assert_string_equal(parts[2], "22");
	assert_int_equal(element_split(many, parts), 0);
}

static void
families(void **state)
{
	(void)state;
	bad("INET filter ok { %IP% }", "unknown family \"INET\" (inet, ip, ip6, netdev, bridge, arp)");
	assert_string_equal(element_family_name(NFPROTO_IPV6), "ip6");
	assert_null(element_family_name(77));
}

static int
prefix_of(const char *text)
{
	struct element element;
	char err[200];
	int bits;

	assert_int_equal(element_parse(&element, text, err, sizeof(err)), 0);
	bits = element_prefix(&element);
	element_free(&element);
	return bits;
}

static void
the_knockers_prefix(void **state)
{
	(void)state;
	assert_int_equal(prefix_of("t s { %IP% }"), ELEMENT_WHOLE);
	assert_int_equal(prefix_of("t s { 10.0.0.0/8 . 22 }"), ELEMENT_WHOLE);
	assert_int_equal(prefix_of("t s { 22 . %IP%/24 }"), 24);
	assert_int_equal(prefix_of("t s { %IP%/24 . %IP%/0 }"), 0);
	assert_int_equal(prefix_of("t s { %IP%/128 }"), 128);
	assert_int_equal(prefix_of("t s { %IP%/129 }"), -1);
	assert_int_equal(prefix_of("t s { %IP%/ }"), -1);
	assert_int_equal(prefix_of("t s { %IP%/+8 }"), -1);
	assert_int_equal(prefix_of("t s { %IP%/8x }"), -1);
	assert_int_equal(prefix_of("t s { %IP%-255.255.255.255 }"), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_nft_has),
		cmocka_unit_test(ipv4_addresses_written_as_ipv6_ones),
		cmocka_unit_test(maps_take_their_timeout_on_either_side),
		cmocka_unit_test(for_one_client),
		cmocka_unit_test(the_parts_of_one),
		cmocka_unit_test(what_is_wrong_is_quoted),
		cmocka_unit_test(a_long_text_is_refused),
		cmocka_unit_test(commands_survive_a_shell_and_nft),
		cmocka_unit_test(comments_are_cut_at_nfts_limit),
		cmocka_unit_test(comments_are_utf8),
		cmocka_unit_test(timeouts_are_the_kernels),
		cmocka_unit_test(split_at_dots_that_stand_alone),
		cmocka_unit_test(families),
		cmocka_unit_test(the_knockers_prefix),
	};

	return cmocka_run_group_tests_name("element", tests, NULL, NULL);
}
