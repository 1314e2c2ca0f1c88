/* SPDX-License-Identifier: GPL-2.0-or-later */
/* On the running kernel, in a network namespace of its own; nft shows the result. */
#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "netlink/nfnl.h"
#include "netlink/nftset.h"
#include "netns.h"

#define MANY 20000

static struct nfnl *nfnl;
static struct nftset *nftset;

static int
start(void **state)
{
	(void)state;
	nfnl = nfnl_open();
	nftset = nfnl ? nftset_new(nfnl) : NULL;
	return nftset ? 0 : -1;
}

static int
end(void **state)
{
	(void)state;
	nftset_free(nftset);
	nfnl_close(nfnl);
	return 0;
}

static int
clear(void **state)
{
	(void)state;
	nft("flush ruleset");
	nft("add table inet t");
	return 0;
}

static struct nftset_op
op_of(bool add, struct element *element, const char *text, const char *ip)
{
	struct nftset_op op = { .add = add, .element = element, .comment = "door" };
	char err[160];

	if (element_parse(element, text, err, sizeof(err)))
		fail_msg("\"%s\": %s", text, err);
	assert_int_equal(addr_parse(&op.ip, ip), 0);
	return op;
}

/* One operation; its detail stays in `detail`, its explanation in `explained`. */
static char detail[160], explained[512];

static enum nftset_result
apply(bool add, const char *text, const char *ip)
{
	struct element element;
	struct nftset_op op = op_of(add, &element, text, ip);
	int failures = nftset_apply(nftset, &op, 1);

	if (failures < 0)
		fail_msg("\"%s\": %s", text, strerror(errno));
	assert_int_equal(failures, !nftset_is_good(&op));
	strcpy(detail, op.detail);
	nftset_explain(&op, explained, sizeof(explained));
	element_free(&element);
	return op.result;
}

static void
added(const char *text, const char *ip)
{
	enum nftset_result result = apply(true, text, ip);

	if (result != NFTSET_OK)
		fail_msg("%d: %s", (int)result, explained);
}

static void
deleted(const char *text, const char *ip)
{
	assert_int_equal(apply(false, text, ip), NFTSET_OK);
	assert_int_equal(apply(false, text, ip), NFTSET_ABSENT);
}

static void
check(const char *text, const char *ip, enum nftset_result expected)
{
	struct element element;
	struct nftset_op op = op_of(true, &element, text, ip);

	assert_int_equal(nftset_check(nftset, &op, 1), 0);
	assert_int_equal(op.result, expected);
	element_free(&element);
}

static void
add_refresh_delete(void **state)
{
	(void)state;
	nft("add set inet t s '{ type ipv4_addr; flags timeout; }'");
	added("inet t s { %IP% timeout 30m }", "192.0.2.7");
	assert_shows("nft list set inet t s", "192.0.2.7 timeout 30m expires ");
	assert_shows("nft list set inet t s", "comment \"door\"");
	added("inet t s { %IP% timeout 2h }", "192.0.2.7");
	assert_shows("nft list set inet t s", "192.0.2.7 timeout 2h expires ");
	assert_lacks("nft list set inet t s", "expires 29m");
	deleted("inet t s { %IP% }", "192.0.2.7");
	assert_lacks("nft list set inet t s", "192.0.2.7");
}

static void
the_operations_timeout_comes_first(void **state)
{
	struct element element;
	struct nftset_op op;

	(void)state;
	nft("add set inet t s '{ type ipv4_addr; flags timeout; timeout 5m; }'");
	op = op_of(true, &element, "inet t s { %IP% timeout 30m }", "192.0.2.7");
	op.timeout_ms = 90500;
	op.comment = NULL;
	assert_int_equal(nftset_apply(nftset, &op, 1), 0);
	assert_shows("nft list set inet t s", "192.0.2.7 timeout 1m30s500ms expires 1m");
	assert_lacks("nft list set inet t s", "comment");
	element_free(&element);
	added("inet t s { %IP% }", "192.0.2.8");
	assert_shows("nft list set inet t s", "192.0.2.8 expires ");
}

static void
every_family(void **state)
{
	static const char *const names[] = { "ip", "ip6", "inet", "netdev", "bridge", "arp" };
	char command[80], text[80];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		nft("add table %s every", names[i]);
		nft("add set %s every s '{ type ipv6_addr; flags timeout; }'", names[i]);
		snprintf(text, sizeof(text), "%s every s { %%IP%% timeout 1h }", names[i]);
		added(text, "2001:db8::7");
		snprintf(command, sizeof(command), "nft list set %s every s", names[i]);
		assert_shows(command, "2001:db8::7 timeout 1h");
	}
}

static void
concatenations(void **state)
{
	(void)state;
	nft("add set inet t s '{ type ipv4_addr . inet_proto . inet_service; flags timeout; }'");
	added("inet t s { %IP% . tcp . 443 timeout 1h }", "192.0.2.7");
	assert_shows("nft list set inet t s", "192.0.2.7 . tcp . 443 timeout 1h");
	deleted("inet t s { %IP% . tcp . 443 }", "192.0.2.7");
	nft("add set inet t w '{ type ifname . mark . ether_addr . ipv4_addr . inet_service; }'");
	added("inet t w { eth0 . 0x1f . aa:bb:cc:dd:ee:0f . %IP% . ssh }", "192.0.2.7");
	assert_shows("nft list set inet t w", "\"eth0\" . 0x0000001f . aa:bb:cc:dd:ee:0f . 192.0.2.7 . 22 comment");
	nft("add set inet t like '{ typeof ip saddr . tcp dport; flags timeout; }'");
	added("inet t like { %IP% . 443 timeout 1h }", "192.0.2.7");
	assert_shows("nft list set inet t like", "192.0.2.7 . 443 timeout 1h");
	nft("add set inet t p '{ type nf_proto . inet_proto; }'");
	added("inet t p { ipv6 . udp }", "192.0.2.7");
	assert_shows("nft list set inet t p", "ipv6 . udp");
}

static void
intervals(void **state)
{
	(void)state;
	nft("add set inet t s '{ type ipv4_addr; flags interval,timeout; }'");
	for (int i = 1; i <= 2; i++) {
		added(i == 1 ? "inet t s { %IP% timeout 1h }" : "inet t s { %IP% timeout 2h }", "192.0.2.7");
		assert_shows("nft list set inet t s", i == 1 ? "192.0.2.7 timeout 1h" : "192.0.2.7 timeout 2h");
		assert_shows("nft list set inet t s", "comment \"door\"");
	}
	added("inet t s { %IP%/24 timeout 1h }", "198.51.100.7");
	added("inet t s { %IP%/24 timeout 3h }", "198.51.100.7");
	added("inet t s { 255.255.255.0/24 timeout 1h }", "198.51.100.7");
	assert_shows("nft list set inet t s", "198.51.100.0/24 timeout 3h");
	assert_shows("nft list set inet t s", "255.255.255.0/24 timeout 1h");
	assert_shows("nft get element inet t s '{ 198.51.100.200 }'", "198.51.100.0/24");
	deleted("inet t s { %IP%/24 }", "198.51.100.7");
	deleted("inet t s { 255.255.255.0/24 }", "198.51.100.7");
	deleted("inet t s { %IP% }", "192.0.2.7");
	assert_lacks("nft list set inet t s", "elements");
}

/* Neighbours share a border: the end of one range is the beginning of the next. */
static void
neighbours_in_an_interval_set(void **state)
{
	static const char *const ips[] = {
		"10.0.0.2", "10.0.0.1", "10.0.0.3", "10.0.0.2", "0.0.0.0", "255.255.255.255"
	};

	(void)state;
	nft("add set inet t s '{ type ipv4_addr; flags interval,timeout; }'");
	for (size_t i = 0; i < 6; i++)
		added("inet t s { %IP% timeout 1h }", ips[i]);
	assert_int_equal(apply(false, "inet t s { %IP% }", "10.0.0.2"), NFTSET_OK);
	assert_shows("nft list set inet t s", "10.0.0.1 timeout 1h");
	assert_shows("nft list set inet t s", "10.0.0.3 timeout 1h");
	assert_shows("nft list set inet t s", "255.255.255.255 timeout 1h");
	assert_lacks("nft list set inet t s", "10.0.0.2");
	added("inet t s { %IP% timeout 2h }", "10.0.0.2");
	assert_shows("nft list set inet t s", "10.0.0.2 timeout 2h");
}

static void
nfts_own_intervals(void **state)
{
	(void)state;
	nft("add set inet t s '{ type ipv4_addr; flags interval,timeout; elements = { 10.0.0.0/8, 192.0.2.7 timeout 1h "
	    "} }'");
	added("inet t s { %IP% timeout 2h }", "192.0.2.7");
	assert_shows("nft list set inet t s", "192.0.2.7 timeout 2h");
	assert_int_equal(apply(true, "inet t s { %IP% timeout 2h }", "10.0.0.1"), NFTSET_KEPT);
	assert_string_equal(detail, "in a range without a time");
	nft("add element inet t s '{ 172.16.0.0/24 timeout 1h }'");
	assert_int_equal(apply(true, "inet t s { %IP% timeout 2h }", "172.16.0.1"), NFTSET_ERROR);
	assert_string_equal(detail, "it overlaps a range in the set");
	assert_int_equal(apply(true, "inet t s { %IP% timeout 30m }", "172.16.0.1"), NFTSET_KEPT);
	assert_string_equal(detail, "in a range that has more time");
	assert_int_equal(apply(true, "inet t s { %IP%/25 timeout 30m }", "172.16.0.1"), NFTSET_KEPT);
	assert_int_equal(apply(true, "inet t s { %IP%/23 timeout 30m }", "172.16.0.1"), NFTSET_ERROR);
	assert_int_equal(apply(true, "inet t s { %IP%/23 timeout 30m }", "172.16.1.1"), NFTSET_ERROR);
	nft("add element inet t s '{ 172.16.9.128/25 }'");
	assert_int_equal(apply(true, "inet t s { %IP%/24 timeout 30m }", "172.16.9.1"), NFTSET_ERROR);
	assert_string_equal(detail, "it overlaps a range in the set");
	nft("add element inet t s '{ 198.51.100.1 timeout 1h }'");
	deleted("inet t s { %IP% }", "198.51.100.1");
}

static void
marks_and_ports_in_intervals(void **state)
{
	(void)state;
	nft("add set inet t m '{ type mark; flags interval; }'");
	added("inet t m { 0x10-0x20 }", "192.0.2.7");
	assert_shows("nft list set inet t m", "0x00000010-0x00000020");
	nft("add set inet t p '{ type inet_service; flags interval; }'");
	added("inet t p { 1024-65535 }", "192.0.2.7");
	added("inet t p { 0-21 }", "192.0.2.7");
	assert_shows("nft list set inet t p", "0-21");
	assert_shows("nft list set inet t p", "1024-65535");
	deleted("inet t p { 1024-65535 }", "192.0.2.7");
}

static void
concatenated_intervals(void **state)
{
	(void)state;
	nft("add set inet t s '{ type ipv4_addr . inet_service; flags interval,timeout; }'");
	added("inet t s { %IP%/24 . 100-200 timeout 1h }", "192.0.2.7");
	added("inet t s { %IP%/24 . 100-200 timeout 2h }", "192.0.2.7");
	assert_shows("nft list set inet t s", "192.0.2.0/24 . 100-200 timeout 2h");
	assert_shows("nft list set inet t s", "comment \"door\"");
	added("inet t s { %IP% . 443 timeout 1h }", "198.51.100.7");
	assert_shows("nft list set inet t s", "198.51.100.7 . 443 timeout 1h");
	deleted("inet t s { %IP%/24 . 100-200 }", "192.0.2.7");
	deleted("inet t s { %IP% . 443 }", "198.51.100.7");
	nft("add set inet t m '{ type ipv6_addr . mark; flags interval,timeout; }'");
	added("inet t m { %IP%/64 . 0x10-0x20 timeout 1h }", "2001:db8::7");
	assert_shows("nft list set inet t m", "2001:db8::/64 . 0x00000010-0x00000020 timeout 1h");
}

/* An admin's element in every kind of set, without a time, or with more or less time than an operation gives. */
static const struct {
	const char *type, *key, *ours, *data, *our_data;
} kinds[] = {
	{ "set inet t s '{ type ipv4_addr; flags timeout; }'", "192.0.2.7", "%IP%", "", "" },
	{ "set inet t s '{ type ipv4_addr . inet_service; flags timeout; }'", "192.0.2.7 . 22", "%IP% . 22", "", "" },
	{ "set inet t s '{ type ipv4_addr; flags interval,timeout; }'", "192.0.2.7", "%IP%", "", "" },
	{ "set inet t s '{ type ipv4_addr; flags interval,timeout; }'", "192.0.2.0/24", "%IP%/24", "", "" },
	{ "set inet t s '{ type ipv4_addr; flags interval,timeout; }'", "192.0.0.0/16", "%IP%", "", "" },
	{ "set inet t s '{ type ipv4_addr . inet_service; flags interval,timeout; }'", "192.0.2.0/24 . 22",
	  "%IP%/24 . 22", "", "" },
	{ "set inet t s '{ type ipv4_addr . inet_service; flags interval,timeout; }'", "192.0.0.0/16 . 20-30",
	  "%IP% . 22", "", "" },
	{ "map inet t s '{ type ipv4_addr : verdict; flags timeout; }'", "192.0.2.7", "%IP%", ": drop", ": accept" },
	{ "map inet t s '{ type ipv4_addr : mark; flags timeout; }'", "192.0.2.7", "%IP%", ": 0x1", ": 0x2" },
	{ "map inet t s '{ type ipv4_addr : mark; flags interval,timeout; }'", "192.0.2.7", "%IP%", ": 0x1", ": 0x2" },
};

/* The admin's element has `given`, the operation's `timeout`; they are nft's words. */
static enum nftset_result
meet(size_t kind, const char *given, const char *timeout)
{
	char text[160];

	nft("flush ruleset");
	nft("add table inet t");
	nft("add %s", kinds[kind].type);
	nft("add element inet t s '{ %s %s comment \"office\" %s }'", kinds[kind].key, given, kinds[kind].data);
	snprintf(text, sizeof(text), "inet t s { %s %s %s }", kinds[kind].ours, timeout, kinds[kind].our_data);
	return apply(true, text, "192.0.2.7");
}

static void
an_element_without_a_time_stays(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		assert_int_equal(meet(i, "", "timeout 1h"), NFTSET_KEPT);
		assert_non_null(strstr(detail, "without a time"));
		assert_shows("nft list ruleset", kinds[i].key);
		assert_shows("nft list ruleset", "comment \"office\"");
		assert_lacks("nft list ruleset", "expires");
		assert_int_equal(meet(i, "", ""), NFTSET_KEPT);
		assert_shows("nft list ruleset", "comment \"office\"");
	}
}

static void
a_longer_time_is_not_shortened(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		assert_int_equal(meet(i, "timeout 2h", "timeout 1h"), NFTSET_KEPT);
		assert_shows("nft list ruleset", "timeout 2h");
		assert_shows("nft list ruleset", "comment \"office\"");
	}
}

static void
a_shorter_time_is_replaced(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		bool wider = strstr(kinds[i].key, "/16");

		assert_int_equal(meet(i, "timeout 10m", "timeout 1h"), wider ? NFTSET_ERROR : NFTSET_OK);
		assert_shows("nft list ruleset", wider ? "timeout 10m" : "timeout 1h");
		assert_shows("nft list ruleset", wider ? "comment \"office\"" : "comment \"door\"");
	}
}

static bool
all(void *arg, const struct nftset_op *op)
{
	(void)arg;
	(void)op;
	return true;
}

/* Owns elements with the comment in `arg`. */
static bool
commented(void *arg, const struct nftset_op *op, const struct nftset_found *found)
{
	(void)op;
	return !strcmp(found->comment, arg);
}

/* The owner's own element is shortened, and gets a time if it had none. */
static void
the_owner_decides(void **state)
{
	char mine[] = "office", other[] = "other";

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strstr(kinds[i].key, "/16"))
			continue;
		nftset_set_owner(nftset, &(struct nftset_owner){ .arg = mine, .expects = all, .owns = commented });
		assert_int_equal(meet(i, "timeout 2h", "timeout 1h"), NFTSET_OK);
		assert_shows("nft list ruleset", "timeout 1h");
		assert_int_equal(meet(i, "", "timeout 1h"), NFTSET_OK);
		assert_shows("nft list ruleset", "timeout 1h");
		nftset_set_owner(nftset, &(struct nftset_owner){ .arg = other, .expects = all, .owns = commented });
		assert_int_equal(meet(i, "timeout 2h", "timeout 1h"), NFTSET_KEPT);
		assert_int_equal(meet(i, "timeout 10m", "timeout 1h"), NFTSET_OK);
	}
	nftset_set_owner(nftset, NULL);
}

/* One that is kept costs the others nothing. */
static void
kept_among_others(void **state)
{
	static const char *const ips[] = { "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.2" };
	struct element element;
	struct nftset_op ops[4];

	(void)state;
	nft("add set inet t s '{ type ipv4_addr; flags timeout; elements = { 192.0.2.2 } }'");
	for (size_t i = 0; i < 4; i++) {
		if (i)
			element_free(&element);
		ops[i] = op_of(true, &element, "inet t s { %IP% timeout 1h }", ips[i]);
	}
	assert_int_equal(nftset_apply(nftset, ops, 4), 0);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(ops[i].result, i % 2 ? NFTSET_KEPT : NFTSET_OK);
	assert_shows("nft list set inet t s", "192.0.2.3 timeout 1h");
	assert_lacks("nft list set inet t s", "192.0.2.2 timeout");
	/* the same in one transaction, twice: the second one meets the first */
	element_free(&element);
	ops[0] = ops[1] = op_of(true, &element, "inet t s { %IP% timeout 1h }", "192.0.2.9");
	assert_int_equal(nftset_apply(nftset, ops, 2), 0);
	assert_int_equal(ops[1].result, NFTSET_OK);
	/* a delete is meant, and what follows it finds nothing */
	element_free(&element);
	ops[0] = op_of(false, &element, "inet t s { %IP% timeout 1h }", "192.0.2.2");
	ops[1] = ops[0];
	ops[1].add = ops[1].likely = true;
	assert_int_equal(nftset_apply(nftset, ops, 2), 0);
	assert_int_equal(ops[1].result, NFTSET_OK);
	assert_shows("nft list set inet t s", "192.0.2.2 timeout 1h");
	element_free(&element);
}

static void
own_elements_alone_are_deleted(void **state)
{
	static const char *const sets[] = { "type ipv4_addr; flags timeout;",
					    "type ipv4_addr; flags timeout,interval;" };
	struct element element;
	struct nftset_op op;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		nft("add set inet t s%zu '{ %s elements = { 192.0.2.1, 192.0.2.2 timeout 1h } }'", i, sets[i]);
		op = op_of(false, &element, i ? "inet t s1 { %IP% timeout 1h }" : "inet t s0 { %IP% timeout 1h }",
			   "192.0.2.1");
		op.own = true;
		assert_int_equal(nftset_apply(nftset, &op, 1), 0);
		assert_int_equal(op.result, NFTSET_KEPT);
		addr_parse(&op.ip, "192.0.2.2");
		assert_int_equal(nftset_apply(nftset, &op, 1), 0);
		assert_int_equal(op.result, NFTSET_KEPT);
		addr_parse(&op.ip, "192.0.2.3");
		assert_int_equal(nftset_apply(nftset, &op, 1), 0);
		assert_int_equal(op.result, NFTSET_ABSENT);
		op.add = true;
		assert_int_equal(nftset_apply(nftset, &op, 1), 0);
		op.add = false;
		assert_int_equal(nftset_apply(nftset, &op, 1), 0);
		assert_int_equal(op.result, NFTSET_OK);
		element_free(&element);
	}
	assert_shows("nft list set inet t s0", "192.0.2.1,");
	assert_shows("nft list set inet t s0", "192.0.2.2 timeout 1h");
	assert_lacks("nft list set inet t s1", "192.0.2.3");
}

/* An expired range does not block a new one, whether the kernel has removed it yet or not. */
static void
expired_ranges(void **state)
{
	static const char *const texts[] = { "inet t s { %IP% timeout 50ms }",
					     "inet t c { %IP%/24 . 22 timeout 50ms }" };

	(void)state;
	nft("add set inet t s '{ type ipv4_addr; flags interval,timeout; }'");
	nft("add set inet t c '{ type ipv4_addr . inet_service; flags interval,timeout; }'");
	for (int i = 0; i < 20; i++) {
		for (size_t j = 0; j < 2; j++) {
			added(texts[j], i % 3 ? "192.0.2.1" : "192.0.2.2");
			added(texts[j], "192.0.2.3");
		}
		assert_int_equal(poll(NULL, 0, 10 + i * 5), 0);
	}
	added("inet t s { %IP% timeout 1h }", "192.0.2.1");
	added("inet t c { %IP%/24 . 22 timeout 1h }", "192.0.2.1");
	assert_shows("nft list set inet t s", "192.0.2.1 timeout 1h");
	assert_shows("nft list set inet t c", "192.0.2.0/24 . 22 timeout 1h");
}

static void
overlaps_in_concatenated_intervals(void **state)
{
	(void)state;
	nft("add set inet t s '{ type ipv4_addr . inet_service; flags interval,timeout; size 2; }'");
	added("inet t s { 192.0.2.0/24 . 22 }", "192.0.2.1");
	assert_int_equal(apply(true, "inet t s { 192.0.2.0/25 . 22 }", "192.0.2.1"), NFTSET_KEPT);
	assert_string_equal(detail, "in a range without a time");
	assert_int_equal(apply(true, "inet t s { 192.0.2.0/25 . 20-22 }", "192.0.2.1"), NFTSET_ERROR);
	assert_string_equal(detail, "it overlaps a range in the set");
	/* the kernel would remove the wide range */
	assert_int_equal(apply(false, "inet t s { %IP% . 22 }", "192.0.2.1"), NFTSET_ERROR);
	assert_string_equal(detail, "a wider range in the set covers it");
	assert_int_equal(apply(false, "inet t s { 192.0.2.0 . 22 }", "192.0.2.1"), NFTSET_ERROR);
	assert_int_equal(apply(false, "inet t s { %IP% . 22 }", "192.0.3.1"), NFTSET_ABSENT);
	assert_shows("nft list set inet t s", "192.0.2.0/24 . 22");
	added("inet t s { 192.0.2.0/24 . 23 timeout 30m }", "192.0.2.1");
	added("inet t s { 192.0.2.0/24 . 23 timeout 1h }", "192.0.2.1");
	assert_int_equal(apply(true, "inet t s { 192.0.3.0/24 . 23 }", "192.0.2.1"), NFTSET_FULL);
	nft("add map inet t m '{ type ipv4_addr . inet_service : verdict; flags interval,timeout; }'");
	added("inet t m { %IP%/24 . 22 timeout 1h : accept }", "192.0.2.1");
	added("inet t m { %IP%/24 . 22 timeout 2h : drop }", "192.0.2.1");
	assert_shows("nft list map inet t m", "192.0.2.0/24 . 22 timeout 2h");
	assert_shows("nft list map inet t m", ": drop");
	assert_int_equal(apply(true, "inet t m { %IP%/24 . 22 : jump no }", "192.0.2.1"), NFTSET_DATA);
}

static void
verdict_maps(void **state)
{
	(void)state;
	nft("add chain inet t web");
	nft("add map inet t m '{ type ipv4_addr : verdict; flags timeout; }'");
	added("inet t m { %IP% timeout 1h : accept }", "192.0.2.1");
	added("inet t m { %IP% : drop }", "192.0.2.2");
	added("inet t m { %IP% : jump web }", "192.0.2.3");
	added("inet t m { %IP% : goto web }", "192.0.2.4");
	added("inet t m { %IP% : return }", "192.0.2.5");
	added("inet t m { %IP% : continue }", "192.0.2.6");
	assert_shows("nft list map inet t m", "192.0.2.1 timeout 1h");
	assert_shows("nft list map inet t m", ": accept");
	assert_shows("nft list map inet t m", "192.0.2.2 comment \"door\" : drop");
	assert_shows("nft list map inet t m", "192.0.2.3 comment \"door\" : jump web");
	assert_shows("nft list map inet t m", "192.0.2.4 comment \"door\" : goto web");
	assert_shows("nft list map inet t m", "192.0.2.5 comment \"door\" : return");
	assert_shows("nft list map inet t m", "192.0.2.6 comment \"door\" : continue");
	added("inet t m { %IP% : goto web }", "192.0.2.3");
	assert_shows("nft list map inet t m", "192.0.2.3 comment \"door\" : goto web");
	deleted("inet t m { %IP% : jump web }", "192.0.2.3");
	assert_int_equal(apply(true, "inet t m { %IP% : jump nowhere }", "192.0.2.9"), NFTSET_DATA);
	assert_string_equal(detail, "the table has no such chain");
	assert_int_equal(apply(true, "inet t m { %IP% : jump }", "192.0.2.9"), NFTSET_DATA);
	assert_int_equal(apply(true, "inet t m { %IP% : 22 }", "192.0.2.9"), NFTSET_DATA);
	assert_int_equal(apply(true, "inet t m { %IP% }", "192.0.2.9"), NFTSET_DATA);
	assert_string_equal(detail, "it is a map: \": value\" is missing");
}

static void
data_maps(void **state)
{
	(void)state;
	nft("add map inet t m '{ type ipv4_addr : mark; flags timeout; }'");
	added("inet t m { %IP% timeout 1h : 0x1f }", "192.0.2.1");
	assert_shows("nft list map inet t m", ": 0x0000001f");
	added("inet t m { %IP% timeout 1h : 0x20 }", "192.0.2.1");
	assert_shows("nft list map inet t m", ": 0x00000020");
	nft("add map inet t n '{ type inet_service : ipv4_addr . inet_service; }'");
	added("inet t n { 22 : %IP% . 2222 }", "192.0.2.1");
	assert_shows("nft list map inet t n", "22 comment \"door\" : 192.0.2.1 . 2222");
	assert_int_equal(apply(true, "inet t n { 22 : %IP% }", "192.0.2.1"), NFTSET_DATA);
	assert_string_equal(detail, "1 part given, ipv4_addr . inet_service needed");
	nft("add map inet t i '{ type ipv4_addr : mark; flags interval; }'");
	added("inet t i { %IP%/24 : 0x1f }", "192.0.2.1");
	added("inet t i { %IP%/24 : 0x20 }", "192.0.2.1");
	assert_shows("nft list map inet t i", "192.0.2.0/24 comment \"door\" : 0x00000020");
	assert_int_equal(apply(true, "inet t i { %IP% : 0x20 }", "192.0.2.1"), NFTSET_KEPT);
	assert_string_equal(detail, "in a range without a time");
	nft("add set inet t s '{ type ipv4_addr; }'");
	assert_int_equal(apply(true, "inet t s { %IP% : 0x20 }", "192.0.2.1"), NFTSET_DATA);
	assert_string_equal(detail, "it is a set, not a map: it takes no \": value\"");
}

static void
a_full_set(void **state)
{
	(void)state;
	nft("add set inet t s '{ type ipv4_addr; size 1; flags timeout; }'");
	added("inet t s { %IP% timeout 1h }", "192.0.2.1");
	added("inet t s { %IP% timeout 2h }", "192.0.2.1");
	assert_shows("nft list set inet t s", "192.0.2.1 timeout 2h");
	assert_int_equal(apply(true, "inet t s { %IP% timeout 1h }", "192.0.2.2"), NFTSET_FULL);
	assert_string_equal(explained,
			    "inet t s: the set is full; delete elements, or change its definition in the ruleset to: "
			    "set s { type ipv4_addr; flags timeout; size 65535; }");
	deleted("inet t s { %IP% }", "192.0.2.1");
	added("inet t s { %IP% timeout 1h }", "192.0.2.2");
}

static void
nothing_there(void **state)
{
	(void)state;
	assert_int_equal(apply(true, "inet t s { %IP% . tcp . 22 timeout 1h }", "192.0.2.1"), NFTSET_NO_SET);
	assert_string_equal(detail, "no such set");
	assert_string_equal(explained, "inet t s: no such set; create it with: nft add set inet t s "
				       "'{ type ipv4_addr . inet_proto . inet_service; flags timeout; }'");
	assert_int_equal(apply(false, "ip6 u s { %IP%/64 timeout 1h }", "2001:db8::1"), NFTSET_NO_SET);
	assert_string_equal(detail, NFTSET_NO_TABLE);
	assert_string_equal(explained, "ip6 u s: no such table; create both with: nft add table ip6 u; "
				       "nft add set ip6 u s '{ type ipv6_addr; flags interval,timeout; }'");
	assert_int_equal(apply(true, "inet t m { eth0 . %IP% : 0x1f }", "192.0.2.1"), NFTSET_NO_SET);
	assert_string_equal(explained, "inet t m: no such set; create it with: nft add map inet t m "
				       "'{ type ifname . ipv4_addr : mark; }'");
	assert_int_equal(apply(true, "inet t s { 1 . 2 . 3 . 4 . 5 . 6 }", "192.0.2.1"), NFTSET_NO_SET);
	assert_string_equal(explained, "inet t s: no such set, and keys of more than 5 parts are not supported");
}

/* nft accepts the command that nftset_explain() proposes, and then the element fits. */
static void
the_proposed_set_fits(void **state)
{
	static const char *const texts[] = {
		"inet new s { %IP% }",
		"ip new s { %IP% . 22 timeout 1h }",
		"ip6 new s { %IP%/24 . tcp . 1-1024 . 0x10 . eth0 timeout 1h }",
		"inet new m { %IP% timeout 1h : accept }",
		"inet new m2 { %IP% . 22 : 10.0.0.1 . 80 }",
		"inet new m3 { 100-200 timeout 1h : 0x1f }",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(apply(true, texts[i], "192.0.2.1"), NFTSET_NO_SET);
		if (system(strstr(explained, "nft add")))
			fail_msg("%s", explained);
		added(texts[i], "192.0.2.1");
	}
}

/* nft also accepts the command that element_command() prints for an element. */
static void
the_printed_command_does_the_same(void **state)
{
	struct element element;
	struct nftset_op op;
	char command[512];

	(void)state;
	nft("add set inet t s '{ type ipv4_addr . inet_service; flags timeout; }'");
	op = op_of(true, &element, "inet t s { %IP% . 22 timeout 1d2h }", "192.0.2.1");
	assert_int_equal(system(
			     element_command(&element, "add", &op.ip, "bob's \"tcp\" door", command, sizeof(command))),
			 0);
	assert_shows("nft list set inet t s", "192.0.2.1 . 22 timeout 1d2h");
	assert_shows("nft list set inet t s", "comment \"bob's _tcp_ door\"");
	assert_int_equal(system(element_command(&element, "delete", &op.ip, "tcp", command, sizeof(command))), 0);
	assert_lacks("nft list set inet t s", "192.0.2.1");
	op.comment = "bob's \"tcp\" door";
	assert_int_equal(nftset_apply(nftset, &op, 1), 0);
	assert_shows("nft list set inet t s", "comment \"bob's _tcp_ door\"");
	element_free(&element);
}

static void
a_long_comment_is_cut(void **state)
{
	char comment[201], expected[160];
	struct element element;
	struct nftset_op op;

	(void)state;
	memset(comment, 'x', 200);
	comment[200] = '\0';
	snprintf(expected, sizeof(expected), "comment \"%.128s\"", comment);
	nft("add set inet t s '{ type ipv4_addr; }'");
	op = op_of(true, &element, "inet t s { %IP% }", "192.0.2.1");
	op.comment = comment;
	assert_int_equal(nftset_apply(nftset, &op, 1), 0);
	assert_shows("nft list set inet t s", expected);
	element_free(&element);
}

static void
sets_that_do_not_fit(void **state)
{
	(void)state;
	nft("add set inet t s '{ type ipv4_addr; }'");
	assert_int_equal(apply(true, "inet t s { %IP% timeout 1h }", "192.0.2.1"), NFTSET_FLAGS);
	assert_string_equal(explained,
			    "inet t s: the set has no flags timeout; change its definition in the ruleset to: "
			    "set s { type ipv4_addr; flags timeout; }");
	assert_int_equal(apply(true, "inet t s { %IP% . 22 }", "192.0.2.1"), NFTSET_KEY);
	assert_string_equal(explained,
			    "inet t s: 2 parts given, ipv4_addr needed; change the element in knockd.conf, or "
			    "the definition in the ruleset to: set s { type ipv4_addr . inet_service; }");
	assert_int_equal(apply(true, "inet t s { %IP%/24 }", "192.0.2.1"), NFTSET_KEY);
	assert_string_equal(explained,
			    "inet t s: \"%IP%/24\" is a prefix and the set has no flags interval; change the "
			    "element in knockd.conf, or the definition in the ruleset to: "
			    "set s { type ipv4_addr; flags interval; }");
	assert_int_equal(apply(true, "inet t s { %IP% : accept }", "192.0.2.1"), NFTSET_DATA);
	assert_string_equal(explained,
			    "inet t s: it is a set, not a map: it takes no \": value\"; change the element in "
			    "knockd.conf, or the definition in the ruleset to: "
			    "map s { type ipv4_addr : verdict; }");
	assert_int_equal(apply(true, "inet t s { 22 }", "192.0.2.1"), NFTSET_KEY);
	nft("add set inet t tag '{ typeof vlan id; }'");
	assert_int_equal(apply(true, "inet t tag { 22 }", "192.0.2.1"), NFTSET_KEY);
	assert_lacks("nft list table inet t", "elements");
}

/* Sets of firewalld and fail2ban have `flags interval` and no timeout: what they have stays in the proposal. */
static void
a_definition_keeps_the_flags_of_the_set(void **state)
{
	(void)state;
	nft("add set inet t s '{ type ipv4_addr; flags interval; }'");
	assert_int_equal(apply(true, "inet t s { %IP% timeout 1h }", "192.0.2.1"), NFTSET_FLAGS);
	assert_string_equal(explained,
			    "inet t s: the set has no flags timeout; change its definition in the ruleset to: "
			    "set s { type ipv4_addr; flags interval,timeout; }");
	nft("add set inet t c '{ type ipv4_addr; flags constant; elements = { 192.0.2.9 }; }'");
	assert_int_equal(apply(true, "inet t c { %IP% timeout 1h }", "192.0.2.1"), NFTSET_FLAGS);
	assert_string_equal(explained, "inet t c: the set has flags constant; change its definition in the ruleset to: "
				       "set c { type ipv4_addr; flags timeout; }");
	nft("add set inet t w '{ type ipv4_addr . inet_service; flags timeout; }'");
	assert_int_equal(apply(true, "inet t w { %IP% }", "192.0.2.1"), NFTSET_KEY);
	assert_string_equal(explained, "inet t w: 1 part given, ipv4_addr . inet_service needed; change the element in "
				       "knockd.conf, or the definition in the ruleset to: "
				       "set w { type ipv4_addr; flags timeout; }");
}

/* The command makes a set for the clients that the existing one has no place for. */
static void
the_other_family_needs_another_set(void **state)
{
	(void)state;
	nft("add set inet t s '{ type ipv4_addr; flags timeout; }'");
	assert_int_equal(apply(true, "inet t s { %IP% timeout 1h }", "2001:db8::1"), NFTSET_FAMILY);
	assert_string_equal(detail, "the key needs ipv4_addr, the client is IPv6: use grant_6 with another set");
	assert_string_equal(explained,
			    "inet t s: the key needs ipv4_addr, the client is IPv6: use grant_6 with another "
			    "set, made for instance with: "
			    "nft add set inet t s_6 '{ type ipv6_addr; flags timeout; }'");
	assert_int_equal(system(strstr(explained, "nft add")), 0);
	added("inet t s_6 { %IP% timeout 1h }", "2001:db8::1");

	nft("add set inet t six '{ type ipv6_addr . inet_service; flags interval,timeout; }'");
	assert_int_equal(apply(true, "inet t six { %IP%/64 . 22 timeout 1h }", "192.0.2.1"), NFTSET_FAMILY);
	assert_string_equal(explained,
			    "inet t six: the key needs ipv6_addr, the client is IPv4: use it only in grant_6 or "
			    "revoke_6");
	assert_int_equal(apply(false, "inet t six { %IP% . 22 }", "192.0.2.1"), NFTSET_FAMILY);
	nft("add set inet t other '{ type inet_service; }'");
	assert_int_equal(apply(true, "inet t other { %IP% }", "2001:db8::1"), NFTSET_KEY);
}

static void
ignore(void *arg, size_t index, int error)
{
	(void)arg, (void)index, (void)error;
}

/* One that the kernel takes away with its owner, as firewalld has it. */
static struct nfnl *
own_a_table(const char *name)
{
	struct nfnl *owner = nfnl_open();
	struct nlmsghdr *nlh;

	assert_non_null(owner);
	nfnl_begin(owner, 0);
	nlh = nfnl_add(owner, NFT_MSG_NEWTABLE, NFPROTO_INET, NLM_F_CREATE);
	mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, name);
	mnl_attr_put_u32(nlh, NFTA_TABLE_FLAGS, htonl(NETNS_TABLE_F_OWNER));
	nlh = nfnl_add(owner, NFT_MSG_NEWSET, NFPROTO_INET, NLM_F_CREATE);
	mnl_attr_put_strz(nlh, NFTA_SET_TABLE, name);
	mnl_attr_put_strz(nlh, NFTA_SET_NAME, "s");
	mnl_attr_put_u32(nlh, NFTA_SET_ID, htonl(1));
	mnl_attr_put_u32(nlh, NFTA_SET_FLAGS, htonl(NFT_SET_TIMEOUT));
	mnl_attr_put_u32(nlh, NFTA_SET_KEY_TYPE, htonl(NFTKEY_IPV4));
	mnl_attr_put_u32(nlh, NFTA_SET_KEY_LEN, htonl(4));
	if (nfnl_commit(owner, ignore, NULL))
		SKIP("Linux before 5.12 knows no owner of a table");
	return owner;
}

static void
a_table_of_another_process(void **state)
{
	static const char reason[] = "inet o s: not permitted: the table belongs to another process";
	struct nfnl *owner = own_a_table("o");
	struct element element;
	struct nftset_op op = op_of(true, &element, "inet o s { %IP% timeout 1h }", "192.0.2.1");
	char text[512];

	(void)state;
	assert_int_equal(nftset_check(nftset, &op, 1), 0);
	assert_int_equal(op.result, NFTSET_PERMISSION);
	assert_string_equal(nftset_explain(&op, text, sizeof(text)), reason);
	assert_int_equal(apply(true, "inet o s { %IP% timeout 1h }", "192.0.2.1"), NFTSET_PERMISSION);
	assert_string_equal(explained, reason);
	assert_int_equal(apply(true, "inet o x { %IP% timeout 1h }", "192.0.2.1"), NFTSET_PERMISSION);
	check("inet o x { %IP% timeout 1h }", "192.0.2.1", NFTSET_PERMISSION);
	element_free(&element);
	nfnl_close(owner);
}

static void
checking_changes_nothing(void **state)
{
	(void)state;
	nft("add set inet t s '{ type ipv4_addr; flags timeout; }'");
	check("inet t s { %IP% timeout 1h }", "192.0.2.1", NFTSET_OK);
	check("inet t s { %IP% timeout 1h }", "::1", NFTSET_FAMILY);
	check("inet t s { %IP% : accept }", "192.0.2.1", NFTSET_DATA);
	check("inet t x { %IP% }", "192.0.2.1", NFTSET_NO_SET);
	assert_lacks("nft list set inet t s", "elements");
}

/* nftset_visit */
static void
note_element(void *arg, const void *key, uint32_t key_len, const struct nftset_found *found)
{
	char *text = arg;
	const uint8_t *bytes = key;

	sprintf(text + strlen(text), "%u:%u.%u:%s:%s:%s ", key_len, bytes[0], bytes[3],
		found->timeout_ms == NFTSET_ENDLESS ? "endless"
		: found->timeout_ms == 3600000      ? "1h"
		: found->timeout_ms == 300000       ? "5m"
						    : "?",
		found->left_ms <= found->timeout_ms ? "left" : "more", found->comment);
}

static void
each_element_is_visited(void **state)
{
	char table[] = "t", in[] = "s", none[] = "none";
	const struct element set = { .family = 1, .table = table, .set = in }, /* NFPROTO_INET */
	    no_set = { .family = 1, .table = table, .set = none };
	char text[1024] = "";

	(void)state;
	nft("add set inet t s '{ type ipv4_addr; flags timeout; timeout 5m; }'");
	nft("add element inet t s '{ 10.0.0.1 timeout 1h comment \"a b\" }'");
	nft("add element inet t s '{ 10.0.0.2 comment \"c\" }'");
	assert_int_equal(nftset_each(nftset, &set, note_element, text), 0);
	assert_non_null(strstr(text, "4:10.1:1h:left:a b "));
	assert_non_null(strstr(text, "4:10.2:5m:left:c "));
	nft("delete set inet t s");
	nft("add set inet t s '{ type ipv4_addr; flags interval,timeout; }'");
	nft("add element inet t s '{ 10.0.0.0/24 timeout 1h comment \"n\", 11.0.0.7 }'");
	*text = '\0';
	assert_int_equal(nftset_each(nftset, &set, note_element, text), 0);
	assert_non_null(strstr(text, "4:10.0:1h:left:n "));
	assert_non_null(strstr(text, "4:11.7:endless:left: "));
	assert_int_equal(strlen(text), strlen("4:10.0:1h:left:n 4:11.7:endless:left: "));
	assert_int_equal(nftset_each(nftset, &no_set, note_element, text), -1);
	assert_int_equal(errno, ENOENT);
}

/* nftset_visit */
static void
count_element(void *arg, const void *key, uint32_t key_len, const struct nftset_found *found)
{
	size_t *n = arg;

	(void)key;
	(void)key_len;
	(void)found;
	++*n;
}

/* Deletes an element that the last nftset_each() has shown to be the owner's. */
static enum nftset_result
take_seen(const char *ip)
{
	struct element element;
	struct nftset_op op = op_of(false, &element, "inet t s { %IP% timeout 1h }", ip);

	op.own = op.seen = true;
	assert_int_equal(nftset_apply(nftset, &op, 1), 0);
	element_free(&element);
	return op.result;
}

static void
what_was_seen_is_asked_for_again_after_a_change(void **state)
{
	char table[] = "t", in[] = "s";
	const struct element set = { .family = 1, .table = table, .set = in }; /* NFPROTO_INET */
	size_t n = 0;

	(void)state;
	nft("add set inet t s '{ type ipv4_addr; flags timeout; }'");
	nft("add element inet t s '{ 10.0.0.1 timeout 1h comment \"door\" }'");
	nft("add element inet t s '{ 10.0.0.2 timeout 1h comment \"door\" }'");
	nft("add element inet t s '{ 10.0.0.3 timeout 1h comment \"door\" }'");
	assert_false(nftset_unchanged(nftset));
	assert_int_equal(nftset_each(nftset, &set, count_element, &n), 0);
	assert_int_equal(n, 3);
	assert_true(nftset_unchanged(nftset));
	assert_int_equal(take_seen("10.0.0.1"), NFTSET_OK);
	assert_true(nftset_unchanged(nftset)); /* but by the owner */
	nft("delete element inet t s '{ 10.0.0.2 }'");
	nft("add element inet t s '{ 10.0.0.2 }'");
	assert_false(nftset_unchanged(nftset));
	assert_int_equal(take_seen("10.0.0.2"), NFTSET_KEPT);
	assert_int_equal(take_seen("10.0.0.3"), NFTSET_OK);
	assert_shows("nft list set inet t s", "elements = { 10.0.0.2 }");
}

static void
one_bad_operation_costs_the_others_nothing(void **state)
{
	static const char *const texts[] = {
		"inet t s { %IP% timeout 1h }",
		"inet t missing { %IP% }",
		"inet t full { %IP% }",
		"inet t s { 10.0.0.1 }",
		"inet t s { fe80::1 }",
		"inet t gone { %IP% }",
		"inet t s { 10.0.0.2 timeout 1h }",
	};
	static const enum nftset_result expected[] = { NFTSET_OK,  NFTSET_NO_SET, NFTSET_FULL, NFTSET_ABSENT,
						       NFTSET_KEY, NFTSET_NO_SET, NFTSET_OK };
	struct element elements[7];
	struct nftset_op ops[7];

	(void)state;
	nft("add set inet t s '{ type ipv4_addr; flags timeout; }'");
	nft("add set inet t full '{ type ipv4_addr; size 1; elements = { 10.9.9.9 } }'");
	for (size_t i = 0; i < 7; i++)
		ops[i] = op_of(i != 3, &elements[i], texts[i], "192.0.2.1");
	assert_int_equal(nftset_apply(nftset, ops, 7), 4);
	for (size_t i = 0; i < 7; i++) {
		assert_int_equal(ops[i].result, expected[i]);
		element_free(&elements[i]);
	}
	assert_shows("nft list set inet t s", "192.0.2.1 timeout 1h");
	assert_shows("nft list set inet t s", "10.0.0.2 timeout 1h");
}

static void
in_the_order_given(void **state)
{
	static const char text[] = "inet t s { %IP% timeout 1h }";
	struct element elements[3];
	struct nftset_op ops[3];

	(void)state;
	nft("add set inet t s '{ type ipv4_addr; flags timeout; }'");
	for (size_t i = 0; i < 3; i++)
		ops[i] = op_of(i != 1, &elements[i], text, "192.0.2.1");
	assert_int_equal(nftset_apply(nftset, ops, 2), 0);
	assert_lacks("nft list set inet t s", "192.0.2.1");
	assert_int_equal(nftset_apply(nftset, ops, 3), 0);
	assert_shows("nft list set inet t s", "192.0.2.1");
	assert_int_equal(nftset_apply(nftset, ops, 0), 0);
	for (size_t i = 0; i < 3; i++)
		element_free(&elements[i]);
}

static void
a_set_made_anew_with_another_type(void **state)
{
	(void)state;
	nft("add set inet t s '{ type ipv4_addr; }'");
	added("inet t s { %IP% }", "192.0.2.1");
	nft("delete set inet t s");
	nft("add set inet t s '{ type ipv6_addr; flags timeout; }'");
	added("inet t s { %IP% timeout 1h }", "2001:db8::1");
	assert_int_equal(apply(true, "inet t s { %IP% }", "192.0.2.1"), NFTSET_FAMILY);
	nft("delete set inet t s");
	assert_int_equal(apply(true, "inet t s { %IP% }", "192.0.2.1"), NFTSET_NO_SET);
	nft("add set inet t s '{ type ipv4_addr; flags interval; }'");
	added("inet t s { %IP%/24 }", "192.0.2.1");
}

static double
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void
many(void **state)
{
	struct element element;
	struct nftset_op *ops = calloc(MANY, sizeof(*ops));
	double begun;
	char *count;

	(void)state;
	assert_non_null(ops);
	nft("add set inet t s '{ type ipv4_addr . inet_service; flags timeout; }'");
	for (uint32_t i = 0; i < MANY; i++) {
		if (i)
			element_free(&element);
		ops[i] = op_of(true, &element, "inet t s { %IP% . 22 timeout 1h }", "10.0.0.0");
		ops[i].ip.bytes[1] = (uint8_t)(i >> 16);
		ops[i].ip.bytes[2] = (uint8_t)(i >> 8);
		ops[i].ip.bytes[3] = (uint8_t)i;
	}
	begun = seconds();
	assert_int_equal(nftset_apply(nftset, ops, MANY), 0);
	print_message("# %.0f grants per second\n", MANY / (seconds() - begun));
	count = output_of("nft list set inet t s | grep -o timeout.1h | wc -l");
	assert_int_equal(atoi(count), MANY);
	free(count);
	for (uint32_t i = 0; i < MANY; i++)
		ops[i].add = false;
	assert_int_equal(nftset_apply(nftset, ops, MANY), 0);
	assert_int_equal(nftset_apply(nftset, ops, MANY), 0);
	for (uint32_t i = 0; i < MANY; i++)
		assert_int_equal(ops[i].result, NFTSET_ABSENT);
	element_free(&element);
	free(ops);
}

/* Many at once go into a concatenated interval set by another way: new, existing and overlapping elements. */
static void
many_concatenated_intervals(void **state)
{
	static const char text[] = "inet t s { %IP%/32 . 22 timeout 2h }";
	struct nftset_op ops[100];
	struct element element;
	char *count;

	(void)state;
	nft("add set inet t s '{ type ipv4_addr . inet_service; flags interval,timeout; }'");
	nft("add element inet t s '{ 10.0.0.16/28 . 22 timeout 1h }'");
	added("inet t s { %IP%/32 . 22 timeout 1h }", "10.0.0.1");
	ops[0] = op_of(true, &element, text, "10.0.0.0");
	for (uint8_t i = 1; i < 100; i++) {
		ops[i] = ops[0];
		ops[i].ip.bytes[3] = i;
	}
	assert_int_equal(nftset_apply(nftset, ops, 100), 16);
	for (int i = 0; i < 100; i++)
		assert_int_equal(ops[i].result, i / 16 == 1 ? NFTSET_ERROR : NFTSET_OK);
	assert_shows("nft list set inet t s", "10.0.0.1 . 22 timeout 2h");
	count = output_of("nft list set inet t s | grep -o 'timeout 2h' | wc -l");
	assert_int_equal(atoi(count), 84);
	free(count);
	assert_shows("nft list set inet t s", "10.0.0.16/28 . 22 timeout 1h");
	/* added and deleted in one go: the deletions see the additions */
	for (int i = 0; i < 100; i++)
		ops[i].add = i % 2 == 0;
	for (int i = 0; i < 100; i++)
		ops[i].ip.bytes[3] = (uint8_t)(100 + i / 2);
	assert_int_equal(nftset_apply(nftset, ops, 100), 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(ops[i].result, NFTSET_OK);
	assert_lacks("nft list set inet t s", "10.0.0.100");
	assert_lacks("nft list set inet t s", "10.0.0.149");
	element_free(&element);
}

static void
more_sets_than_are_remembered(void **state)
{
	struct element elements[40];
	struct nftset_op ops[40];
	char text[64];

	(void)state;
	for (int i = 0; i < 40; i++) {
		nft("add set inet t s%d '{ type %s; }'", i, i % 2 ? "ipv4_addr" : "ipv4_addr . inet_service");
		snprintf(text, sizeof(text), "inet t s%d { %%IP%%%s }", i, i % 2 ? "" : " . 22");
		ops[i] = op_of(true, &elements[i], text, "192.0.2.1");
	}
	assert_int_equal(nftset_apply(nftset, ops, 40), 0);
	for (int i = 0; i < 40; i++)
		element_free(&elements[i]);
}

/* The command runs until it closes its output at its end. */
static bool
runs(FILE *command)
{
	struct pollfd pollfd = { .fd = fileno(command) };

	return poll(&pollfd, 1, 0) == 0;
}

/* Another program changes the ruleset all the time; every operation still succeeds. */
static void
while_the_ruleset_changes(void **state)
{
	FILE *changes;
	int n = 0;

	(void)state;
	nft("add set inet t s '{ type ipv4_addr; flags timeout; }'");
	changes = popen("i=0; while [ $i -lt 40 ]; do nft add chain inet t c$i; i=$((i+1)); done", "r");
	assert_non_null(changes);
	while (runs(changes)) {
		added("inet t s { %IP% timeout 1h }", "192.0.2.1");
		n++;
	}
	assert_int_equal(pclose(changes), 0);
	assert_true(n > 0);
	assert_shows("nft list set inet t s", "192.0.2.1 timeout 1h");
}

static int
apply_without_capability(void)
{
	struct element element;
	struct nftset_op op = op_of(true, &element, "inet t s { %IP% }", "192.0.2.1");
	int failures;

	if (netns_drop_capabilities())
		return 1;
	failures = nftset_apply(nftset, &op, 1);
	element_free(&element);
	return failures != 1 || op.result != NFTSET_PERMISSION ? 2 : 0;
}

static void
without_capability(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (!pid)
		_exit(apply_without_capability());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* 1, 0, or -1 with the result in `result` */
static enum nftset_result result;

static int
holds(const char *set, const char *ip)
{
	struct element element;
	struct nftset_op op;
	char text[160];
	int there;

	snprintf(text, sizeof(text), "inet t %s { %%IP%% }", set);
	op = op_of(false, &element, text, ip);
	there = nftset_holds(nftset, &op);
	result = op.result;
	element_free(&element);
	return there;
}

static void
what_is_in_a_set(void **state)
{
	(void)state;
	nft("add set inet t one '{ type ipv4_addr; flags timeout; }'");
	nft("add element inet t one '{ 10.0.0.1, 10.0.0.2 timeout 1d }'");
	nft("add set inet t range '{ type ipv4_addr; flags interval; }'");
	nft("add element inet t range '{ 10.0.1.0/24, 10.0.3.4-10.0.3.9, 10.0.5.5, 240.0.0.0/4 }'");
	nft("add set inet t six '{ type ipv6_addr; flags interval; }'");
	nft("add element inet t six '{ 2001:db8::/32 }'");
	nft("add set inet t empty '{ type ipv4_addr; flags interval; }'");
	assert_int_equal(holds("one", "10.0.0.1"), 1);
	assert_int_equal(holds("one", "10.0.0.2"), 1);
	assert_int_equal(holds("one", "10.0.0.3"), 0);
	assert_int_equal(holds("range", "10.0.0.255"), 0);
	assert_int_equal(holds("range", "10.0.1.0"), 1);
	assert_int_equal(holds("range", "10.0.1.255"), 1);
	assert_int_equal(holds("range", "10.0.2.0"), 0);
	assert_int_equal(holds("range", "10.0.3.3"), 0);
	assert_int_equal(holds("range", "10.0.3.4"), 1);
	assert_int_equal(holds("range", "10.0.3.9"), 1);
	assert_int_equal(holds("range", "10.0.3.10"), 0);
	assert_int_equal(holds("range", "10.0.5.5"), 1);
	assert_int_equal(holds("range", "255.255.255.255"), 1);
	assert_int_equal(holds("range", "1.1.1.1"), 0);
	assert_int_equal(holds("empty", "1.1.1.1"), 0);
	assert_int_equal(holds("six", "2001:db8:ffff::1"), 1);
	assert_int_equal(holds("six", "2001:db9::"), 0);
	/* of the other family: it cannot be in there */
	assert_int_equal(holds("one", "2001:db8::1"), 0);
	assert_int_equal(holds("six", "10.0.0.1"), 0);
	assert_int_equal(holds("none", "10.0.0.1"), -1);
	assert_int_equal(result, NFTSET_NO_SET);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(add_refresh_delete, clear),
		cmocka_unit_test_setup(the_operations_timeout_comes_first, clear),
		cmocka_unit_test_setup(every_family, clear),
		cmocka_unit_test_setup(concatenations, clear),
		cmocka_unit_test_setup(intervals, clear),
		cmocka_unit_test_setup(neighbours_in_an_interval_set, clear),
		cmocka_unit_test_setup(nfts_own_intervals, clear),
		cmocka_unit_test_setup(marks_and_ports_in_intervals, clear),
		cmocka_unit_test_setup(concatenated_intervals, clear),
		cmocka_unit_test_setup(an_element_without_a_time_stays, clear),
		cmocka_unit_test_setup(a_longer_time_is_not_shortened, clear),
		cmocka_unit_test_setup(a_shorter_time_is_replaced, clear),
		cmocka_unit_test_setup(the_owner_decides, clear),
		cmocka_unit_test_setup(kept_among_others, clear),
		cmocka_unit_test_setup(own_elements_alone_are_deleted, clear),
		cmocka_unit_test_setup(what_was_seen_is_asked_for_again_after_a_change, clear),
		cmocka_unit_test_setup(expired_ranges, clear),
		cmocka_unit_test_setup(overlaps_in_concatenated_intervals, clear),
		cmocka_unit_test_setup(verdict_maps, clear),
		cmocka_unit_test_setup(data_maps, clear),
		cmocka_unit_test_setup(a_full_set, clear),
		cmocka_unit_test_setup(nothing_there, clear),
		cmocka_unit_test_setup(the_proposed_set_fits, clear),
		cmocka_unit_test_setup(the_printed_command_does_the_same, clear),
		cmocka_unit_test_setup(a_long_comment_is_cut, clear),
		cmocka_unit_test_setup(sets_that_do_not_fit, clear),
		cmocka_unit_test_setup(a_definition_keeps_the_flags_of_the_set, clear),
		cmocka_unit_test_setup(the_other_family_needs_another_set, clear),
		cmocka_unit_test_setup(a_table_of_another_process, clear),
		cmocka_unit_test_setup(checking_changes_nothing, clear),
		cmocka_unit_test_setup(each_element_is_visited, clear),
		cmocka_unit_test_setup(one_bad_operation_costs_the_others_nothing, clear),
		cmocka_unit_test_setup(in_the_order_given, clear),
		cmocka_unit_test_setup(a_set_made_anew_with_another_type, clear),
		cmocka_unit_test_setup(many, clear),
		cmocka_unit_test_setup(many_concatenated_intervals, clear),
		cmocka_unit_test_setup(more_sets_than_are_remembered, clear),
		cmocka_unit_test_setup(while_the_ruleset_changes, clear),
		cmocka_unit_test_setup(what_is_in_a_set, clear),
		cmocka_unit_test_setup(without_capability, clear),
	};
	const char *reason = netns_enter();

	if (reason) {
		printf("1..0 # SKIP %s\n", reason);
		return 0;
	}
	return cmocka_run_group_tests_name("nftset", tests, start, end);
}
