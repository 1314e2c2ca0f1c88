/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "engine/packet.h"

/* A packet under construction. */
struct wire {
	uint8_t data[512];
	size_t len;
};

static void
put(struct wire *w, const void *bytes, size_t len)
{
	memcpy(w->data + w->len, bytes, len);
	w->len += len;
}

static struct wire
ip4(uint8_t proto, size_t payload)
{
	uint8_t header[20] = { 0x45, 0, 0, (uint8_t)(20 + payload), 0, 0, 0, 0, 64, proto, 0, 0, 192, 0, 2, 7, 192,
			       0,    2, 1 };
	struct wire w = { .len = 0 };

	put(&w, header, sizeof(header));
	return w;
}

static struct wire
ip6(uint8_t next, size_t payload)
{
	uint8_t header[40] = {
		0x60, 0,    0,    0,        0,           (uint8_t)payload, next,        64,          0x20,
		1,    0x0d, 0xb8, [23] = 7, [24] = 0x20, [25] = 1,         [26] = 0x0d, [27] = 0xb8, [39] = 1
	};
	struct wire w = { .len = 0 };

	put(&w, header, sizeof(header));
	return w;
}

static void
put_tcp(struct wire *w)
{
	const uint8_t tcp[20] = { 0x9c, 0x40, 0x1b, 0x58, 1, 2, 3, 4, 0, 0, 0, 0, 0x50, 0x12, 0, 0, 0, 0, 0, 0 };

	put(w, tcp, sizeof(tcp));
}

static void
put_udp(struct wire *w)
{
	const uint8_t udp[9] = { 0x9c, 0x40, 0x08, 0xae, 0, 9, 0, 0, 0 };

	put(w, udp, sizeof(udp));
}

/* From a heap block of exactly that length, so that a sanitizer reports any byte read behind it. */
static enum packet_status
decode(struct packet *packet, const struct wire *w, size_t len)
{
	uint8_t *exact = malloc(len ? len : 1);
	enum packet_status status;

	memcpy(exact, w->data, len);
	status = packet_decode(packet, exact, len);
	free(exact);
	return status;
}

static void
assert_status(const struct wire *w, enum packet_status expected)
{
	struct packet packet, untouched;

	memset(&packet, 0x5a, sizeof(packet));
	memset(&untouched, 0x5a, sizeof(untouched));
	assert_int_equal(decode(&packet, w, w->len), expected);
	assert_memory_equal(&packet, &untouched, sizeof(packet));
}

static void
assert_source(const struct packet *packet, const char *expected)
{
	char text[ADDR_STRLEN];

	assert_string_equal(addr_format(&packet->src, text), expected);
}

static void
tcp_over_ip4(void **state)
{
	struct wire w = ip4(IPPROTO_TCP, 20);
	struct packet packet;

	(void)state;
	put_tcp(&w);
	assert_int_equal(decode(&packet, &w, w.len), PACKET_OK);
	assert_source(&packet, "192.0.2.7");
	assert_int_equal(packet.proto, IPPROTO_TCP);
	assert_int_equal(packet.src_port, 40000);
	assert_int_equal(packet.dst_port, 7000);
	assert_int_equal(packet.tcp_seq, 0x01020304);
	assert_int_equal(packet.tcp_flags, 0x12);
}

static void
udp_over_ip4_with_options(void **state)
{
	struct wire w = ip4(IPPROTO_UDP, 8 + 9);
	struct packet packet;

	(void)state;
	w.data[0] = 0x47;
	put(&w, (uint8_t[8]){ 1, 1, 1, 1 }, 8);
	put_udp(&w);
	assert_int_equal(decode(&packet, &w, w.len), PACKET_OK);
	assert_int_equal(packet.proto, IPPROTO_UDP);
	assert_int_equal(packet.dst_port, 2222);
	assert_int_equal(packet.tcp_flags, 0);
}

static void
tcp_over_ip6_behind_extensions(void **state)
{
	struct wire w = ip6(IPPROTO_HOPOPTS, 8 + 16 + 8 + 12 + 20);
	struct packet packet;

	(void)state;
	put(&w, (uint8_t[8]){ IPPROTO_DSTOPTS, 0 }, 8);
	put(&w, (uint8_t[16]){ IPPROTO_FRAGMENT, 1 }, 16);
	put(&w, (uint8_t[8]){ IPPROTO_AH, 0, 0, 1 }, 8); /* first fragment, more follow */
	put(&w, (uint8_t[12]){ IPPROTO_TCP, 1 }, 12);
	put_tcp(&w);
	assert_int_equal(decode(&packet, &w, w.len), PACKET_OK);
	assert_source(&packet, "2001:db8::7");
	assert_int_equal(packet.dst_port, 7000);
}

static void
every_cut_is_noticed(void **state)
{
	struct wire w = ip6(IPPROTO_DSTOPTS, 8 + 20);
	struct packet packet;

	(void)state;
	put(&w, (uint8_t[8]){ IPPROTO_TCP, 0 }, 8);
	put_tcp(&w);
	/* the flags are the last byte that is read; checksum and urgent pointer may be cut off */
	for (size_t len = 0; len < 40 + 8 + 14; len++)
		assert_int_equal(decode(&packet, &w, len), PACKET_SHORT);
	assert_int_equal(decode(&packet, &w, 40 + 8 + 14), PACKET_OK);
}

static void
fragments_have_no_ports(void **state)
{
	struct wire w = ip4(IPPROTO_TCP, 20);

	(void)state;
	put_tcp(&w);
	w.data[7] = 1;
	assert_status(&w, PACKET_FRAGMENT);
	w = ip6(IPPROTO_FRAGMENT, 28);
	put(&w, (uint8_t[8]){ IPPROTO_TCP, 0, 0, 8 }, 8);
	put_tcp(&w);
	assert_status(&w, PACKET_FRAGMENT);
}

static void
false_lengths_are_bad(void **state)
{
	struct wire w = ip4(IPPROTO_TCP, 20), good;

	(void)state;
	put_tcp(&w);
	good = w;
	w.data[0] = 0x44; /* header shorter than the standard's */
	assert_status(&w, PACKET_BAD);
	w = good;
	w.data[0] = 0x4f; /* header longer than the packet says it is */
	assert_status(&w, PACKET_BAD);
	w = good;
	w.data[3] = 19; /* total length less than the header's */
	assert_status(&w, PACKET_BAD);
	w = good;
	w.data[3] = 30; /* total length too short for TCP */
	assert_status(&w, PACKET_BAD);
	w = good;
	w.data[32] = 0x40; /* TCP header of 16 bytes */
	assert_status(&w, PACKET_BAD);
	w = good;
	w.data[32] = 0xf0; /* TCP header of 60 bytes in 20 */
	assert_status(&w, PACKET_BAD);
	w = good;
	w.data[0] = 0x55;
	assert_status(&w, PACKET_BAD);
}

static void
udp_length_must_fit(void **state)
{
	struct wire w = ip4(IPPROTO_UDP, 9);

	(void)state;
	put_udp(&w);
	w.data[25] = 7;
	assert_status(&w, PACKET_BAD);
	w.data[25] = 10;
	assert_status(&w, PACKET_BAD);
	w.data[25] = 0;
	assert_status(&w, PACKET_BAD);
}

static void
other_protocols(void **state)
{
	struct wire w = ip4(IPPROTO_ICMP, 8);

	(void)state;
	put(&w, (uint8_t[8]){ 8 }, 8);
	assert_status(&w, PACKET_OTHER);
	w = ip6(IPPROTO_NONE, 0);
	assert_status(&w, PACKET_OTHER);
}

static void
endless_extensions_end(void **state)
{
	struct wire w = ip6(IPPROTO_DSTOPTS, 200);

	(void)state;
	for (int i = 0; i < 25; i++)
		put(&w, (uint8_t[8]){ IPPROTO_DSTOPTS, 0 }, 8);
	assert_status(&w, PACKET_BAD);
}

/* No host has these addresses, however well-formed the packet is; loopback addresses are hosts'. */
static void
sources_that_are_no_hosts(void **state)
{
	static const struct {
		const char *source;
		enum packet_status status;
	} cases[] = {
		{ "0.0.0.0", PACKET_BAD },   { "0.1.2.3", PACKET_BAD },         { "1.0.0.0", PACKET_OK },
		{ "127.0.0.1", PACKET_OK },  { "223.255.255.255", PACKET_OK },  { "224.0.0.1", PACKET_BAD },
		{ "240.0.0.1", PACKET_BAD }, { "255.255.255.255", PACKET_BAD }, { "::", PACKET_BAD },
		{ "::1", PACKET_OK },        { "2001:db8::7", PACKET_OK },      { "fe80::1", PACKET_OK },
		{ "ff02::1", PACKET_BAD },   { "::ffff:10.0.0.2", PACKET_BAD },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool v6 = strchr(cases[i].source, ':');
		struct packet packet;
		struct wire w = v6 ? ip6(IPPROTO_TCP, 20) : ip4(IPPROTO_TCP, 20);

		inet_pton(v6 ? AF_INET6 : AF_INET, cases[i].source, w.data + (v6 ? 8 : 12));
		put_tcp(&w);
		assert_int_equal(decode(&packet, &w, w.len), cases[i].status);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tcp_over_ip4),
		cmocka_unit_test(sources_that_are_no_hosts),
		cmocka_unit_test(udp_over_ip4_with_options),
		cmocka_unit_test(tcp_over_ip6_behind_extensions),
		cmocka_unit_test(every_cut_is_noticed),
		cmocka_unit_test(fragments_have_no_ports),
		cmocka_unit_test(false_lengths_are_bad),
		cmocka_unit_test(udp_length_must_fit),
		cmocka_unit_test(other_protocols),
		cmocka_unit_test(endless_extensions_end),
	};

	return cmocka_run_group_tests_name("packet", tests, NULL, NULL);
}
