/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/addr.h"
#include "lib/network.h"

static void
comes_back_as(const char *text, const char *expected)
{
	struct addr addr;
	char back[ADDR_STRLEN];

	assert_int_equal(addr_parse(&addr, text), 0);
	assert_string_equal(addr_format(&addr, back), expected);
}

static void
texts(void **state)
{
	static const uint8_t compatible[16] = { [12] = 192, 0, 2, 7 };
	char text[INET6_ADDRSTRLEN];

	(void)state;
	comes_back_as("192.0.2.7", "192.0.2.7");
	comes_back_as("2001:DB8:0:0:0:0:0:1", "2001:db8::1");
	comes_back_as("::ffff:192.0.2.7", "192.0.2.7");
	comes_back_as("0:0:0:0:0:FFFF:c000:207", "192.0.2.7");
	comes_back_as("::ffff:0.0.0.0", "0.0.0.0");
	comes_back_as("::fffe:192.0.2.7", "::fffe:c000:207");
	comes_back_as("::192.0.2.7", inet_ntop(AF_INET6, compatible, text, sizeof(text))); /* C libraries differ */
	comes_back_as("64:ff9b::192.0.2.7", "64:ff9b::c000:207");
	comes_back_as("::", "::");
}

static bool
is_host(const char *text)
{
	struct addr addr;

	assert_int_equal(addr_parse(&addr, text), 0);
	return addr_is_host(&addr);
}

static void
addresses_that_no_host_has(void **state)
{
	static const char *const nobodys[] = { "0.0.0.0",   "0.255.255.255",   "224.0.0.0", "239.255.255.255",
					       "240.0.0.0", "255.255.255.255", "::",        "ff00::",
					       "ffff::1",   "::ffff:224.0.0.1" };
	static const char *const hosts[] = { "1.0.0.0", "127.0.0.1",   "223.255.255.255", "::1",
					     "fe80::1", "2001:db8::1", "::ffff:10.0.0.1" };
	static const uint8_t mapped[16] = { [10] = 0xff, [11] = 0xff, 10, 0, 0, 1 };
	const struct addr on_the_wire = addr_from_bytes(AF_INET6, mapped);

	(void)state;
	for (size_t i = 0; i < sizeof(nobodys) / sizeof(nobodys[0]); i++)
		assert_false(is_host(nobodys[i]));
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		assert_true(is_host(hosts[i]));
	assert_false(addr_is_host(&(struct addr){ .family = 0 }));
	assert_false(addr_is_host(&on_the_wire)); /* of an IPv6 packet */
}

static bool
overlap(const char *one, const char *other)
{
	struct network a, b;

	assert_int_equal(network_parse(&a, one), 0);
	assert_int_equal(network_parse(&b, other), 0);
	assert_int_equal(network_overlaps(&a, &b), network_overlaps(&b, &a));
	return network_overlaps(&a, &b);
}

static void
networks_overlap(void **state)
{
	(void)state;
	assert_true(overlap("192.0.2.7", "192.0.2.7/32"));
	assert_false(overlap("192.0.2.7", "192.0.2.6"));
	assert_true(overlap("192.0.2.0/25", "192.0.2.127"));
	assert_false(overlap("192.0.2.0/25", "192.0.2.128"));
	assert_true(overlap("192.0.2.99/25", "192.0.2.1")); /* any of its addresses names it */
	assert_true(overlap("192.0.2.0/24", "192.0.0.0/16"));
	assert_true(overlap("0.0.0.0/0", "203.0.113.1"));
	assert_false(overlap("0.0.0.0/0", "2001:db8::1"));
	assert_true(overlap("2001:db8::/33", "2001:db8:7fff:ffff::"));
	assert_false(overlap("2001:db8::/33", "2001:db8:8000::"));
	assert_true(overlap("2001:db8::1", "2001:db8::1/128"));
	assert_true(overlap("::ffff:192.0.2.0/120", "192.0.2.7"));
}

static void
texts_that_are_no_network(void **state)
{
	static const char *const bad[] = { "",
					   "192.0.2.0/33",
					   "192.0.2.0/",
					   "192.0.2.0/-1",
					   "192.0.2.0/8x",
					   "/8",
					   "2001:db8::/129",
					   "192.0.2",
					   "localhost",
					   "10.0.0.0/255.0.0.0",
					   "192.0.2.0/8/8",
					   "::ffff:192.0.2.0/24", /* neither IPv4's nor below 96 */
					   "::ffff:192.0.2.0/95",
					   "::ffff:192.0.2.0/129",
					   "192.0.2.0/ 8" };
	struct network network;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(network_parse(&network, bad[i]), -1);
}

static void
every_octet_is_written_as_inet_ntop_does(void **state)
{
	char text[ADDR_STRLEN], expected[ADDR_STRLEN];
	struct addr addr;

	(void)state;
	for (unsigned i = 0; i < 4 * 256; i++) {
		uint8_t bytes[4] = { 192, 0, 20, 7 };

		bytes[i / 256] = (uint8_t)i;
		addr = addr_from_bytes(AF_INET, bytes);
		assert_non_null(inet_ntop(AF_INET, bytes, expected, sizeof(expected)));
		assert_string_equal(addr_format(&addr, text), expected);
	}
	addr.family = 0;
	assert_string_equal(addr_format(&addr, text), "?");
}

static void
no_addresses(void **state)
{
	static const char *const texts[] = { "",      "192.0.2",   "192.0.2.256", "0x7f.1", "fe80::1%eth0",
					     "[::1]", "a.example", "1.2.3.4 " };
	struct addr addr;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(addr_parse(&addr, texts[i]), -1);
}

static void
equal_is_family_and_bytes(void **state)
{
	const uint8_t four[4] = { 192, 0, 2, 7 }, six[16] = { 192, 0, 2, 7 };
	struct addr a = addr_from_bytes(AF_INET, four), b, c = addr_from_bytes(AF_INET6, six);

	(void)state;
	assert_int_equal(addr_parse(&b, "192.0.2.7"), 0);
	assert_true(addr_equal(&a, &b));
	assert_memory_equal(&a, &b, sizeof(a)); /* the table hashes all bytes */
	assert_false(addr_equal(&a, &c));
	assert_int_equal(addr_len(&a), 4);
	assert_int_equal(addr_len(&c), 16);
	assert_int_equal(addr_len(&(struct addr){ .family = 0 }), 0);
}

static void
networks(void **state)
{
	static const struct {
		const char *text, *canonical, *in, *out;
	} nets[] = {
		{ "192.0.2.7", "192.0.2.7", "192.0.2.7", "192.0.2.6" },
		{ "192.0.2.7/24", "192.0.2.0/24", "192.0.2.255", "192.0.3.0" },
		{ "10.9.8.7/9", "10.0.0.0/9", "10.127.255.255", "10.128.0.0" },
		{ "0.0.0.0/0", "0.0.0.0/0", "255.255.255.255", "::" },
		{ "2001:db8::1/128", "2001:db8::1", "2001:db8::1", "2001:db8::" },
		{ "2001:db8:1:2:3::/63", "2001:db8:1:2::/63", "2001:db8:1:3::9", "2001:db8:1:4::" },
		{ "::/0", "::/0", "::1", "127.0.0.1" },
		{ "::ffff:192.0.2.7", "192.0.2.7", "::ffff:192.0.2.7", "192.0.2.6" },
		{ "::ffff:192.0.2.7/128", "192.0.2.7", "192.0.2.7", "192.0.2.6" },
		{ "::ffff:192.0.2.7/120", "192.0.2.0/24", "192.0.2.255", "192.0.3.0" },
		{ "::ffff:0:0/96", "0.0.0.0/0", "255.255.255.255", "2001:db8::" },
	};
	static const char *const wrong[] = { "",           "192.0.2.7/",     "192.0.2.7/33", "192.0.2.7/-1",
					     "::/129",     "192.0.2.7/24/1", "192.0.2.7/a",  "/24",
					     "192.0.2/24", "::/1 " };
	char text[NETWORK_STRLEN];
	struct network net;
	struct addr addr;

	(void)state;
	for (size_t i = 0; i < sizeof(nets) / sizeof(nets[0]); i++) {
		assert_int_equal(network_parse(&net, nets[i].text), 0);
		assert_string_equal(network_format(&net, text), nets[i].canonical);
		assert_int_equal(addr_parse(&addr, nets[i].in), 0);
		assert_true(network_has(&net, &addr));
		assert_int_equal(addr_parse(&addr, nets[i].out), 0);
		assert_false(network_has(&net, &addr));
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(network_parse(&net, wrong[i]), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts),
		cmocka_unit_test(networks),
		cmocka_unit_test(addresses_that_no_host_has),
		cmocka_unit_test(networks_overlap),
		cmocka_unit_test(texts_that_are_no_network),
		cmocka_unit_test(every_octet_is_written_as_inet_ntop_does),
		cmocka_unit_test(no_addresses),
		cmocka_unit_test(equal_is_family_and_bytes),
	};

	return cmocka_run_group_tests_name("addr", tests, NULL, NULL);
}
