/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "conf/element.h"
#include "netlink/nftkey.h"

#define ADDR_PORT       NFTKEY_CONCAT(NFTKEY_IPV4, NFTKEY_PORT)
#define ADDR_PROTO_PORT NFTKEY_CONCAT(NFTKEY_CONCAT(NFTKEY_IPV4, NFTKEY_PROTO), NFTKEY_PORT)

static char err[160];

static int
encode(struct nftkey *key, struct nftkey_type type, const char *text, const char *knocker)
{
	char copy[256], *parts[ELEMENT_PARTS];
	struct addr ip;

	err[0] = '\0';
	assert_int_equal(addr_parse(&ip, knocker), 0);
	snprintf(copy, sizeof(copy), "%s", text);
	return nftkey_encode(key, &type, parts, element_split(copy, parts), &ip, err, sizeof(err));
}

static void
hex(const uint8_t *bytes, size_t len, char *text)
{
	*text = '\0';
	for (size_t i = 0; i < len; i++)
		sprintf(text + 2 * i, "%02x", bytes[i]);
}

static void
range(uint32_t type, uint32_t len, bool interval, const char *text, const char *from, const char *to)
{
	char got[2 * NFTKEY_LEN_MAX + 1];
	struct nftkey key;

	if (encode(&key, (struct nftkey_type){ type, len, interval }, text, "192.0.2.7"))
		fail_msg("\"%s\": %s", text, err);
	assert_int_equal(key.len, len);
	hex(key.from, key.len, got);
	assert_string_equal(got, from);
	hex(key.to, key.len, got);
	assert_string_equal(got, to);
}

static void
good(uint32_t type, uint32_t len, const char *text, const char *expected)
{
	range(type, len, false, text, expected, expected);
}

static void
bad(struct nftkey_type type, const char *text, const char *knocker, const char *reason)
{
	struct nftkey key;

	assert_int_equal(encode(&key, type, text, knocker), -1);
	assert_string_equal(err, reason);
}

static void
every_data_type(void **state)
{
	(void)state;
	good(NFTKEY_NFPROTO, 1, "ipv4", "02");
	good(NFTKEY_NFPROTO, 1, "ipv6", "0a");
	good(NFTKEY_IPV4, 4, "%IP%", "c0000207");
	good(NFTKEY_IPV4, 4, "10.1.2.3", "0a010203");
	good(NFTKEY_IPV4, 4, "%IP%/32", "c0000207");
	good(NFTKEY_IPV6, 16, "2001:db8::1", "20010db8000000000000000000000001");
	good(NFTKEY_ETHER, 6, "aa:bb:cc:dd:ee:0f", "aabbccddee0f");
	good(NFTKEY_PROTO, 1, "tcp", "06");
	good(NFTKEY_PROTO, 1, "icmpv6", "3a");
	good(NFTKEY_PROTO, 1, "132", "84");
	good(NFTKEY_PORT, 2, "22", "0016");
	good(NFTKEY_PORT, 2, "0", "0000");
	good(NFTKEY_PORT, 2, "65535", "ffff");
	good(NFTKEY_IFNAME, 16, "eth0", "65746830000000000000000000000000");
	good(NFTKEY_IFNAME, 16, "br-lan", "62722d6c616e00000000000000000000");
}

static void
marks_are_in_host_order_but_for_intervals(void **state)
{
	uint32_t mark = 0x1f;
	char expected[9];

	(void)state;
	hex((const uint8_t *)&mark, sizeof(mark), expected);
	good(NFTKEY_MARK, 4, "0x1f", expected);
	good(NFTKEY_MARK, 4, "31", expected);
	range(NFTKEY_MARK, 4, true, "0x10-0x20", "00000010", "00000020");
}

static void
fields_begin_at_registers(void **state)
{
	(void)state;
	good(ADDR_PORT, 8, "%IP% . 443",
	     "c0000207"
	     "01bb0000");
	good(ADDR_PROTO_PORT, 12, "%IP% . tcp . 22",
	     "c0000207"
	     "06000000"
	     "00160000");
	good(NFTKEY_CONCAT(NFTKEY_ETHER, NFTKEY_PROTO), 12, "aa:bb:cc:dd:ee:0f . udp",
	     "aabbccddee0f0000"
	     "11000000");
}

static void
prefixes_and_ranges_in_interval_sets(void **state)
{
	(void)state;
	range(NFTKEY_IPV4, 4, true, "%IP%", "c0000207", "c0000207");
	range(NFTKEY_IPV4, 4, true, "%IP%/24", "c0000200", "c00002ff");
	range(NFTKEY_IPV4, 4, true, "%IP%/0", "00000000", "ffffffff");
	range(NFTKEY_IPV4, 4, true, "%IP%/31", "c0000206", "c0000207");
	range(NFTKEY_IPV4, 4, true, "10.0.0.1-10.0.0.9", "0a000001", "0a000009");
	range(NFTKEY_IPV6, 16, true, "2001:db8::1/33", "20010db8000000000000000000000000",
	      "20010db87fffffffffffffffffffffff");
	range(NFTKEY_PORT, 2, true, "100-200", "0064", "00c8");
	range(ADDR_PORT, 8, true, "%IP%/25 . 1-1024",
	      "c0000200"
	      "00010000",
	      "c000027f"
	      "04000000");
}

static void
parts_that_do_not_fit(void **state)
{
	const struct nftkey_type v4 = { NFTKEY_IPV4, 4, false }, v6 = { NFTKEY_IPV6, 16, false };
	const struct nftkey_type v4i = { NFTKEY_IPV4, 4, true }, porti = { NFTKEY_PORT, 2, true };
	const struct nftkey_type port = { NFTKEY_PORT, 2, false }, pair = { ADDR_PORT, 8, false };

	(void)state;
	bad(v4, "%IP%", "2001:db8::1", "the key needs ipv4_addr, the client is IPv6: use grant_6 with another set");
	bad(v6, "%IP%", "192.0.2.7", "the key needs ipv6_addr, the client is IPv4: use it only in grant_6 or revoke_6");
	bad(port, "%IP%", "192.0.2.7", "the key needs inet_service here, not %IP%");
	bad(v4, "%IP%/24", "192.0.2.7", "\"%IP%/24\" is a prefix and the set has no flags interval");
	bad(v4i, "%IP%/33", "192.0.2.7", "\"%IP%/33\" is not a valid ipv4_addr");
	bad(v4i, "%IP%/", "192.0.2.7", "\"%IP%/\" is not a valid ipv4_addr");
	bad(v4i, "10.0.0.9-10.0.0.1", "192.0.2.7", "\"10.0.0.9-10.0.0.1\" is not a valid ipv4_addr");
	bad(v4, "fe80::1", "192.0.2.7", "\"fe80::1\" is not a valid ipv4_addr");
	bad(port, "100-200", "192.0.2.7", "\"100-200\" is a range and the set has no flags interval");
	bad(porti, "1-65536", "192.0.2.7", "\"1-65536\" is not a valid inet_service");
	bad(port, "65536", "192.0.2.7", "\"65536\" is not a valid inet_service");
	bad(port, "-1", "192.0.2.7", "\"-1\" is not a valid inet_service");
	bad(port, "0x16", "192.0.2.7", "\"0x16\" is not a valid inet_service");
	bad(port, "no-such-service", "192.0.2.7", "\"no-such-service\" is not a valid inet_service");
	bad(pair, "%IP%", "192.0.2.7", "1 part given, ipv4_addr . inet_service needed");
	bad(v4, "%IP% . 22", "192.0.2.7", "2 parts given, ipv4_addr needed");
}

static void
values_that_do_not_fit(void **state)
{
	(void)state;
	bad((struct nftkey_type){ NFTKEY_PROTO, 1, false }, "256", "10.0.0.1", "\"256\" is not a valid inet_proto");
	bad((struct nftkey_type){ NFTKEY_PROTO, 1, false }, "foo", "10.0.0.1", "\"foo\" is not a valid inet_proto");
	bad((struct nftkey_type){ NFTKEY_MARK, 4, false }, "4294967296", "10.0.0.1",
	    "\"4294967296\" is not a valid mark");
	bad((struct nftkey_type){ NFTKEY_ETHER, 6, false }, "aa:bb:cc:dd:ee", "10.0.0.1",
	    "\"aa:bb:cc:dd:ee\" is not a valid ether_addr");
	bad((struct nftkey_type){ NFTKEY_IFNAME, 16, false }, "sixteen-letters-", "10.0.0.1",
	    "\"sixteen-letters-\" is not a valid ifname");
	bad((struct nftkey_type){ NFTKEY_IFNAME, 16, false }, "ppp*", "10.0.0.1", "\"ppp*\" is not a valid ifname");
	bad((struct nftkey_type){ NFTKEY_NFPROTO, 1, false }, "ip", "10.0.0.1", "\"ip\" is not a valid nf_proto");
}

static void
types_that_are_not_known(void **state)
{
	(void)state;
	bad((struct nftkey_type){ 0, 4, false }, "1", "10.0.0.1", "its type () is not supported");
	bad((struct nftkey_type){ 4, 2, false }, "1", "10.0.0.1", "its type (type 4) is not supported");
	bad((struct nftkey_type){ NFTKEY_CONCAT(NFTKEY_IPV4, 4), 8, false }, "%IP% . 1", "10.0.0.1",
	    "its type (ipv4_addr . type 4) is not supported");
	bad((struct nftkey_type){ 0xffffffff, 4, false }, "1", "10.0.0.1",
	    "its type (type 3 . type 63 . type 63 . type 63 . type 63 . type 63) is not supported");
	/* the length contradicts the type */
	bad((struct nftkey_type){ NFTKEY_IPV4, 16, false }, "%IP%", "10.0.0.1",
	    "its type (ipv4_addr) is not supported");
}

static void
behind_a_range(void **state)
{
	uint8_t after[NFTKEY_LEN_MAX];
	struct nftkey key = { .to = { 10, 0, 0, 255 }, .len = 4 };

	(void)state;
	assert_true(nftkey_after(&key, after));
	assert_memory_equal(after, ((uint8_t[]){ 10, 0, 1, 0 }), 4);
	memset(key.to, 255, 4);
	assert_false(nftkey_after(&key, after));
}

static void
guess(const char *part, const char *knocker, enum nftkey_datatype expected, bool range)
{
	bool interval = false;
	struct addr ip;

	assert_int_equal(addr_parse(&ip, knocker), 0);
	assert_int_equal(nftkey_guess(part, &ip, &interval), expected);
	assert_int_equal(interval, range);
}

static void
types_by_their_looks(void **state)
{
	(void)state;
	guess("%IP%", "10.0.0.1", NFTKEY_IPV4, false);
	guess("%IP%", "::1", NFTKEY_IPV6, false);
	guess("%IP%/64", "::1", NFTKEY_IPV6, true);
	guess("10.0.0.0/8", "::1", NFTKEY_IPV4, true);
	guess("fe80::1", "10.0.0.1", NFTKEY_IPV6, false);
	guess("22", "10.0.0.1", NFTKEY_PORT, false);
	guess("22-23", "10.0.0.1", NFTKEY_PORT, true);
	guess("tcp", "10.0.0.1", NFTKEY_PROTO, false);
	guess("0x10", "10.0.0.1", NFTKEY_MARK, false);
	guess("aa:bb:cc:dd:ee:ff", "10.0.0.1", NFTKEY_ETHER, false);
	guess("eth0", "10.0.0.1", NFTKEY_IFNAME, false);
	guess("br-lan", "10.0.0.1", NFTKEY_IFNAME, false);
}

static void
types_as_nft_writes_them(void **state)
{
	char text[NFTKEY_TYPE_LEN], small[6];

	(void)state;
	assert_string_equal(nftkey_type_text(ADDR_PROTO_PORT, text, sizeof(text)),
			    "ipv4_addr . inet_proto . inet_service");
	assert_string_equal(nftkey_type_text(0, text, sizeof(text)), "");
	assert_string_equal(nftkey_type_text(ADDR_PORT, small, sizeof(small)), "ipv4_");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_data_type),
		cmocka_unit_test(marks_are_in_host_order_but_for_intervals),
		cmocka_unit_test(fields_begin_at_registers),
		cmocka_unit_test(prefixes_and_ranges_in_interval_sets),
		cmocka_unit_test(parts_that_do_not_fit),
		cmocka_unit_test(values_that_do_not_fit),
		cmocka_unit_test(types_that_are_not_known),
		cmocka_unit_test(behind_a_range),
		cmocka_unit_test(types_by_their_looks),
		cmocka_unit_test(types_as_nft_writes_them),
	};

	return cmocka_run_group_tests_name("nftkey", tests, NULL, NULL);
}
