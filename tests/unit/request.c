/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <string.h>

#include "wire/request.h"

static struct request request;
static char err[256];

static int
parse(const char *line)
{
	*err = '\0';
	return request_parse(&request, line, strlen(line), err, sizeof(err));
}

static void
every_command_is_known_by_its_name(void **state)
{
	(void)state;
	for (enum request_command c = 0; c < REQUEST_COMMANDS; c++)
		assert_int_equal(request_find(request_name(c)), c);
	assert_int_equal(request_find("lis"), REQUEST_COMMANDS);
	assert_int_equal(parse("status"), 0);
	assert_int_equal(request.command, REQUEST_STATUS);
	assert_int_equal(parse(" \t list\t \r"), 0);
	assert_int_equal(request.command, REQUEST_LIST);
}

/* Is the access of this address meant? */
static bool
means(const char *ip, const char *door)
{
	struct addr addr;

	assert_int_equal(addr_parse(&addr, ip), 0);
	return request_means(&request.whom, &addr, door);
}

static void
several_addresses_and_prefixes(void **state)
{
	char line[REQUEST_LINE_MAX] = "list";

	(void)state;
	assert_int_equal(parse("revoke 10.0.0.1 192.0.2.0/24 2001:db8::/32 --door ssh ::1"), 0);
	assert_int_equal(request.whom.n_nets, 4);
	assert_true(means("10.0.0.1", "ssh"));
	assert_true(means("192.0.2.9", "ssh"));
	assert_true(means("2001:db8:f::1", "ssh"));
	assert_true(means("::1", "ssh"));
	assert_false(means("10.0.0.2", "ssh"));
	assert_false(means("10.0.0.1", "ss"));
	assert_int_equal(parse("list"), 0);
	assert_true(means("10.0.0.1", "x"));
	assert_int_equal(parse("list --door x"), 0);
	assert_true(means("10.0.0.1", "x"));
	assert_false(means("10.0.0.1", "y"));
	assert_int_equal(parse("extend 10.0.0.1 10.0.0.2 -1h30m"), 0);
	assert_int_equal(request.whom.n_nets, 2);
	assert_int_equal(request.by_ms, -5400 * 1000);
	for (int i = 0; i < REQUEST_NETS; i++)
		strcat(line, " 2001:db8:1111:2222::/64");
	assert_int_equal(parse(line), 0);
	assert_int_equal(request.whom.n_nets, REQUEST_NETS);
	strcat(line, " ::1");
	assert_int_equal(parse(line), -1);
	assert_string_equal(err, "list: more than 64 addresses");
	assert_int_equal(parse("grant 10.0.0.1 10.0.0.2 --door x"), -1);
	assert_string_equal(err, "grant: takes one address, and no prefix");
	assert_int_equal(parse("extend 10.0.0.1 soon"), -1);
	assert_string_equal(err, "\"soon\" is not a time like 90s, 30m or 1h30m, ten years at most");
	assert_int_equal(parse("revoke 10.0.0.1 soon"), -1);
	assert_string_equal(err, "\"soon\" is not an IPv4 or IPv6 address");
}

static void
addresses_and_doors(void **state)
{
	char ip[ADDR_STRLEN];

	(void)state;
	assert_int_equal(parse("revoke 2001:DB8::1 --door ssh"), 0);
	assert_int_equal(request.whom.n_nets, 1);
	assert_string_equal(addr_format(&request.whom.nets[0].addr, ip), "2001:db8::1");
	assert_string_equal(request.whom.door, "ssh");
	assert_false(request.all);
	assert_int_equal(parse("revoke --all"), 0);
	assert_true(request.all);
	assert_int_equal(request.whom.n_nets, 0);
	assert_null(request.whom.door);
	assert_false(request.cut);
	assert_int_equal(parse("revoke 192.0.2.7 --cut"), 0);
	assert_true(request.cut);
	assert_int_equal(parse("extend --door x 192.0.2.7 1h30m"), 0);
	assert_int_equal(request.by_ms, 5400 * 1000);
	assert_int_equal(parse("grant 192.0.2.7 --door --all"), 0);
	assert_string_equal(request.whom.door, "--all");
}

static void
an_address_that_no_host_has(void **state)
{
	(void)state;
	assert_int_equal(parse("revoke ::ffff:10.0.0.1 ::ffff:192.0.2.0/120"), 0);
	assert_true(means("10.0.0.1", "x"));
	assert_true(means("192.0.2.9", "x"));
	assert_int_equal(parse("grant 224.0.0.1 --door x"), -1);
	assert_string_equal(err, "grant: no host has the address 224.0.0.1");
	assert_int_equal(parse("grant ::ffff:255.255.255.255 --door x"), -1);
	assert_string_equal(err, "grant: no host has the address 255.255.255.255");
	assert_int_equal(parse("extend ff02::1 1h"), -1);
	assert_string_equal(err, "extend: no host has the address ff02::1");
	assert_int_equal(parse("revoke 10.0.0.1 0.0.0.0"), -1);
	assert_int_equal(parse("list ::"), -1);
	assert_int_equal(parse("revoke 0.0.0.0/0 ::/0"), 0);
	assert_int_equal(parse("grant 127.0.0.1 --door x"), 0);
}

static void
words_in_quotes(void **state)
{
	(void)state;
	assert_int_equal(parse("revoke --door \"a b\\\\ \\\"c\\\" \\d\""), 0);
	assert_string_equal(request.whom.door, "a b\\ \"c\" \\d");
	assert_int_equal(parse("revoke --door \"\""), 0);
	assert_string_equal(request.whom.door, "");
	assert_int_equal(parse("revoke --door \"a"), -1);
	assert_string_equal(err, "a quote is not closed");
	assert_int_equal(parse("revoke --door \"a\\\""), -1);
}

static void
what_is_written_is_read_again(void **state)
{
	static const char *const names[] = { "ssh", "", "two words", "\"", "\\", "a\\\"b", "\t", "--door", "\377\001" };
	char line[REQUEST_LINE_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *const words[] = { "grant", "192.0.2.7", "--door", names[i] };

		assert_int_equal(request_format(line, sizeof(line), words, 4), 0);
		assert_int_equal(parse(line), 0);
		assert_string_equal(request.whom.door, names[i]);
	}
	assert_int_equal(request_format(line, sizeof(line), (const char *const[]){ "a\nb" }, 1), -1);
	assert_int_equal(request_format(line, 4, (const char *const[]){ "abcd" }, 1), -1);
}

static void
bad_requests(void **state)
{
	static const char *const lines[] = {
		"",
		"   ",
		"Status",
		"status now",
		"\"status\" now",
		"revoke",
		"revoke 10.0.0",
		"revoke 10.0.0.0/33",
		"revoke --all 10.0.0.1",
		"revoke --all --door x",
		"revoke --door",
		"list --all",
		"extend 10.0.0.1 1h --cut",
		"revoke --cut",
		"revoke --by-hand",
		"revoke --all --by-hand",
		"revoke --door x --by-hand",
		"revoke 10.0.0.0/24 --by-hand",
		"revoke 10.0.0.1 10.0.0.0/24 --by-hand",
		"revoke 10.0.0.1 --forever",
		"extend 10.0.0.1 --by-hand 1h",
		"grant 10.0.0.1 --forever",
		"grant 10.0.0.1 --door x --by-hand",
		"list soon",
		"list --door",
		"extend 10.0.0.1",
		"extend 1h",
		"extend --door x 1h",
		"extend 10.0.0.1 0",
		"extend 10.0.0.1 -0",
		"extend 10.0.0.1 --5",
		"extend 10.0.0.1 5m 10.0.0.2",
		"extend 5m 10.0.0.1",
		"extend 10.0.0.1 1x",
		"extend 10.0.0.1 11000d",
		"extend 10.0.0.1 99999999999999999999d",
		"grant 10.0.0.1",
		"grant --door x",
		"grant 10.0.0.1 --door x 1h",
		"grant 10.0.0.0/24 --door x",
		"stats --prometheus",
		"check /etc/shadow",
		"status a b c d e f g h i j k",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (!parse(lines[i]))
			fail_msg("\"%s\" was taken", lines[i]);
		assert_string_not_equal(err, "");
	}
	assert_int_equal(request_parse(&request, "status\0x", 8, err, sizeof(err)), -1);
	assert_int_equal(request_parse(&request, "status\nx", 8, err, sizeof(err)), -1);
}

static void
a_line_has_a_limit(void **state)
{
	static char line[REQUEST_LINE_MAX + 1];

	(void)state;
	memset(line, ' ', sizeof(line));
	memcpy(line, "status", 6);
	assert_int_equal(request_parse(&request, line, REQUEST_LINE_MAX, err, sizeof(err)), 0);
	assert_int_equal(request_parse(&request, line, REQUEST_LINE_MAX + 1, err, sizeof(err)), -1);
}

static void
described_for_the_log(void **state)
{
	char text[256];

	(void)state;
	parse("revoke 10.0.0.1 --door \"a\033[31m\"");
	assert_string_equal(request_describe(&request, text, sizeof(text)), "revoke 10.0.0.1 --door a\xef\xbf\xbd[31m");
	parse("extend ::1 10.1.2.3/8 90");
	assert_string_equal(request_describe(&request, text, sizeof(text)), "extend ::1 10.0.0.0/8 1m30s");
	parse("extend ::1 -90");
	assert_string_equal(request_describe(&request, text, sizeof(text)), "extend ::1 -1m30s");
	parse("revoke --all");
	assert_string_equal(request_describe(&request, text, sizeof(text)), "revoke --all");
	parse("revoke ::1 10.0.0.1 --by-hand");
	assert_string_equal(request_describe(&request, text, sizeof(text)), "revoke ::1 10.0.0.1 --by-hand");
	assert_true(request.by_hand);
	assert_false(request.forever);
	parse("grant ::1 --forever --door x");
	assert_string_equal(request_describe(&request, text, sizeof(text)), "grant ::1 --door x --forever");
	assert_true(request.forever);
	parse("peers --sync");
	assert_string_equal(request_describe(&request, text, sizeof(text)), "peers --sync");
	parse("revoke ::1 --cut");
	assert_false(request.by_hand);
	assert_string_equal(request_describe(&request, text, sizeof(text)), "revoke ::1 --cut");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_command_is_known_by_its_name),
		cmocka_unit_test(addresses_and_doors),
		cmocka_unit_test(several_addresses_and_prefixes),
		cmocka_unit_test(an_address_that_no_host_has),
		cmocka_unit_test(words_in_quotes),
		cmocka_unit_test(what_is_written_is_read_again),
		cmocka_unit_test(bad_requests),
		cmocka_unit_test(a_line_has_a_limit),
		cmocka_unit_test(described_for_the_log),
	};

	return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}
