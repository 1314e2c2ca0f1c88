/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The installed table equals the printed one: the test loads both and compares nft's list, to the last expression. */
#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "confs.h"
#include "netlink/nfnl.h"
#include "netns.h"
#include "table/ruleset.h"

#define LIST "nft -s list table inet knockd"
/* elements have no order, rules have one; nft shows expressions with their registers */
#define SORTED LIST " | sed 's/[{},]/\\n/g' | sed 's/^[ \\t]*//; s/[ \\t]*$//' | sort"
#define CHAINS LIST " | sed -n '/chain/,$p'"
/*
 * Without the output of an nft that dies of a rule, as 1.1.6 does. Versions differ in that they check a range with one
 * expression or two, and one byte or four of a register that has a bit.
 */
#define EXPRESSIONS                                                                                                \
	"all=$(nft --debug=netlink list table inet knockd 2>&1) &&"                                                \
	" echo \"$all\" | grep '^  \\[ ' | sed 's/counter pkts.*/counter/; "                                       \
	"s/range eq \\(reg [0-9]*\\) \\(0x[0-9a-f]*\\) /cmp gte \\1 \\2 ]\\n  [ cmp lte \\1 /; s/ 0x00000000 ]$/ " \
	"0x00 ]/'"

static struct ruleset ruleset;

static void
load_printed(const struct conf *conf)
{
	FILE *pipe = popen("nft -f -", "w");

	assert_non_null(pipe);
	assert_int_equal(ruleset_print(conf, pipe), 0);
	assert_int_equal(pclose(pipe), 0);
}

static void
install(const struct conf *conf)
{
	char err[400] = "";

	if (ruleset_install(&ruleset, conf, err, sizeof(err)))
		fail_msg("%s", err);
}

/* Frees the configuration. */
static void
same(struct conf *conf)
{
	static const char *const views[] = { SORTED, CHAINS, EXPRESSIONS " || true" };
	char *installed[3], *printed;

	install(conf);
	assert_true(ruleset_intact(&ruleset, conf));
	for (size_t i = 0; i < 3; i++)
		installed[i] = output_of("%s", views[i]);
	assert_int_equal(ruleset_unguard(&ruleset), 0);
	assert_int_equal(ruleset_remove(&ruleset), 0);
	load_printed(conf);
	for (size_t i = 0; i < 3; i++) {
		printed = output_of("%s", views[i]);
		assert_string_equal(installed[i], printed);
		free(installed[i]);
		free(printed);
	}
	confs_free(conf);
}

static void
ignore(void *arg, size_t index, int error)
{
	(void)arg;
	(void)index;
	(void)error;
}

static int
clear(void **state)
{
	(void)state;
	assert_int_equal(nfnl_renew(ruleset.nfnl), 0); /* the end of an owner */
	nft("flush ruleset");
	return 0;
}

static void
no_doors(void **state)
{
	(void)state;
	same(confs_new());
}

static void
one_door(void **state)
{
	struct conf *conf = confs_new();

	(void)state;
	confs_door(conf, "7000,8000:udp,9000", SYN, SYN, NULL);
	same(conf);
	assert_shows(LIST, "th dport 8000 meta l4proto udp goto knocks");
	assert_lacks(LIST, "@ports");
}

static void
groups_of_flags(void **state)
{
	static const uint8_t flags[][2] = {
		{ 0, 0 },    { SYN, SYN },   { SYN, 0 },    { SYN | ACK, SYN }, { SYN | ACK, SYN | ACK },
		{ 0xff, 0 }, { 0xff, 0xff }, { 0xff, SYN }, { 0xc0, 0x40 }
	};
	struct conf *conf = confs_new();

	(void)state;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		confs_door(conf, "7000,8000:udp,9000", flags[i][0], flags[i][1], NULL);
		confs_door(conf, "7000,65535:udp,1", flags[i][0], flags[i][1], "192.0.2.1");
		confs_door(conf, "7000,65535:udp,1", flags[i][0], flags[i][1], "2001:db8::1");
	}
	same(conf);
}

static void
targets(void **state)
{
	struct conf *conf = confs_new();

	(void)state;
	confs_door(conf, "7000,8000:udp", 0, 0, "192.0.2.1");
	confs_door(conf, "7000,8000:udp", SYN, SYN, "2001:db8::1");
	confs_door(conf, "7000,8000:udp", SYN, SYN, "2001:db8::2");
	same(conf);
	assert_shows(LIST, "2001:db8::2 . udp . 8000");
	assert_shows(LIST, "ip6 daddr . meta l4proto . th dport @ip6_any counter goto report");
}

static void
signed_knocks(void **state)
{
	struct conf *conf = confs_new();

	confs_door(conf, "62000-62999:auth", 0, 0, NULL);
	same(conf);
	assert_shows(LIST, "udp dport 62000-62999 udp length >= 192 goto signed");
	clear(state);
	conf = confs_new();
	conf->source_rate = 5;
	confs_interface(conf, (char[]){ "eth0" });
	confs_door(conf, "7000,8000:udp,62201:auth", SYN, SYN, NULL);
	confs_door(conf, "62201:auth", SYN, SYN, "192.0.2.1");
	confs_door(conf, "62201-62203:auth", SYN, SYN, "2001:db8::1");
	confs_door(conf, "62201:auth", SYN, SYN, "192.0.2.2");
	same(conf);
	assert_shows(LIST, "udp dport 62201 udp length >= 192 goto signed_interfaces");
	clear(state);
	conf = confs_new();
	conf->only_ipv4 = true;
	confs_door(conf, "62201:auth", 0, 0, NULL);
	confs_door(conf, "62201:auth", 0, 0, "2001:db8::1");
	same(conf);
}

static void
interfaces(void **state)
{
	struct conf *conf = confs_new();

	(void)state;
	confs_interface(conf, (char[]){ "eth0" });
	confs_interface(conf, (char[]){ "ppp*" });
	confs_interface(conf, (char[]){ "fifteen-letters" });
	confs_interface(conf, (char[]){ "fourteen-lett*" });
	confs_interface(conf, (char[]){ "*" });
	confs_door(conf, "7000", SYN, SYN, NULL);
	same(conf);
	assert_shows(LIST, "iifname \"ppp*\" goto knocks");
}

static void
ipv4_alone(void **state)
{
	struct conf *conf = confs_new();

	(void)state;
	conf->only_ipv4 = true;
	confs_door(conf, "7000", SYN, SYN, NULL);
	confs_door(conf, "7000", SYN, SYN, "2001:db8::1");
	same(conf);
	assert_shows(LIST, "meta nfproto ipv4 meta l4proto . th dport @local_syn tcp");
	assert_lacks(LIST, "ip6");
}

static void
a_thousand_doors(void **state)
{
	struct conf *conf = confs_new();
	char sequence[400], target[32], *count;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(sequence, sizeof(sequence), "%u,%u,%u:udp,%u", 1 + i * 60, 2 + i * 60, 3 + i * 60, 4 + i * 60);
		snprintf(target, sizeof(target), "2001:db8::%x", i + 1);
		confs_door(conf, sequence, i % 2 ? SYN : 0, i % 2 ? SYN : 0, i % 3 ? NULL : target);
	}
	install(conf);
	nft("delete element inet knockd port_numbers_hashed '{ 1 }'");
	assert_false(ruleset_intact(&ruleset, conf));
	assert_int_equal(ruleset_remove(&ruleset), 0);
	if (!netns_large_buffers()) {
		conf_free(conf);
		SKIP("nft cannot load as much without privilege");
	}
	same(conf);
	assert_shows("nft list set inet knockd port_numbers_hashed", "flags timeout");
	count = output_of("nft list set inet knockd port_numbers_hashed | tr , '\\n' | grep -c '[0-9]'");
	assert_int_equal(atoi(count), 4000);
	free(count);
}

static void
scans(void **state)
{
	static const uint8_t flags[][2] = { { SYN | ACK, SYN }, { SYN, SYN }, { SYN, 0 }, { 0, 0 } };

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		struct conf *conf = confs_new();

		clear(state);
		conf->scan_guard = 8;
		conf->source_rate = 10;
		confs_interface(conf, (char[]){ "eth0" });
		confs_door(conf, "7000,8000:udp", flags[i][0], flags[i][1], NULL);
		confs_door(conf, "7000,8000", flags[i][0], flags[i][1], "192.0.2.1");
		confs_door(conf, "7000,8000", flags[i][0], flags[i][1], "2001:db8::1");
		for (size_t d = 0; d < conf->n_doors; d++)
			conf->doors[d].seq_timeout = 25;
		same(conf);
		assert_shows(LIST, "meta l4proto udp goto knockers");
		assert_shows(LIST, "socket transparent 0 return");
	}
}

static void
guards(void **state)
{
	struct conf *conf = confs_new();

	(void)state;
	confs_door(conf, "7000", SYN, SYN, NULL);
	confs_open(conf, "22,443:udp", "");
	same(conf);
	assert_shows(LIST, "meta l4proto . th dport @guarded fib daddr type != unicast goto guard_local");
}

static void
guards_of_targets(void **state)
{
	struct conf *conf = confs_new();

	(void)state;
	conf->guard_policy = CONF_GUARD_REJECT;
	confs_door(conf, "7000", SYN, SYN, NULL);
	confs_open(conf, "22", "");
	confs_door(conf, "7000", SYN, SYN, "192.0.2.1");
	confs_open(conf, "22,53:udp", "");
	confs_door(conf, "7000", SYN, SYN, "2001:db8::1");
	confs_open(conf, "22,53:udp", "80");
	same(conf);
	assert_shows(LIST, "type filter hook input");
	assert_shows(LIST, "reject with tcp reset");
	assert_shows(EXPRESSIONS, "lookup reg 1 set open6_target");
}

static const char *const elements[] = {
	"open4 '{ 192.0.2.9 . tcp . 22 timeout 1h comment \"a\" }'",
	"open6 '{ 2001:db8::9 . tcp . 22 }'",
	"open4_target '{ 192.0.2.9 . 192.0.2.1 . tcp . 22 timeout 1h }'",
	"open6_target '{ 2001:db8::9 . 2001:db8::1 . tcp . 22 timeout 1h }'",
};
#define N_ELEMENTS (sizeof(elements) / sizeof(elements[0]))
#define OPEN \
	"nft -s list table inet knockd | grep -E '[^ ]*9 \\. .*tcp' | sed 's/[ \t]*elements = //; s/ expires [^ ]*//'"

static struct conf *
three_guards(void)
{
	struct conf *conf = confs_new();

	confs_door(conf, "7000", SYN, SYN, NULL);
	confs_open(conf, "22", "");
	confs_door(conf, "7000", SYN, SYN, "192.0.2.1");
	confs_open(conf, "22", "");
	confs_door(conf, "7000", 0, 0, "2001:db8::1");
	confs_open(conf, "22", "");
	return conf;
}

static void
open_all(void)
{
	for (size_t i = 0; i < N_ELEMENTS; i++)
		nft("add element inet knockd %s", elements[i]);
}

static void
guards_that_cut(void **state)
{
	struct conf *conf = confs_new();

	(void)state;
	confs_door(conf, "7000", SYN, SYN, NULL);
	confs_open(conf, "22,443:udp", "");
	confs_door(conf, "7000", SYN, SYN, NULL);
	confs_open(conf, "80", "");
	confs_door(conf, "7000", SYN, SYN, "192.0.2.1");
	confs_open(conf, "22,53:udp", "");
	confs_door(conf, "7000", SYN, SYN, "2001:db8::1");
	confs_open(conf, "25", "");
	for (size_t i = 0; i < conf->n_doors; i++) {
		conf->doors[i].cut = i != 1;
		conf->doors[i].open_timeout_ms = 90500;
	}
	ruleset.same = false;
	same(conf);
	assert_shows(LIST, "elements = { tcp . 22 timeout 1m30s500ms");
	assert_shows(LIST, "meta l4proto . th dport @guarded_cut jump guard_cut");
}

/* A set that packets may update replaces another one, which keeps its elements. */
static void
guards_with_idle_times(void **state)
{
	struct conf *conf = three_guards();
	char *open, *after;

	(void)state;
	install(conf);
	open_all();
	open = output_of("%s", OPEN);
	for (size_t i = 0; i < conf->n_doors; i++)
		conf->doors[i].idle_ms = 90500;
	install(conf);
	assert_true(ruleset_intact(&ruleset, conf));
	assert_true(ruleset.emptied); /* the sets with the ends are new */
	after = output_of("%s", OPEN);
	assert_string_equal(open, after);
	assert_shows("nft list set inet knockd open4", "flags dynamic,timeout");
	nft("add element inet knockd guard_until4 '{ 192.0.2.9 . tcp . 22 timeout 1h }'");
	install(conf);
	assert_false(ruleset.emptied);
	assert_shows("nft list set inet knockd guard_until4", "192.0.2.9 . tcp . 22 timeout 1h");
	free(open);
	free(after);
	clear(state);
	same(conf);
	assert_shows("nft list table inet knockd",
		     "update @open4 { ip saddr . meta l4proto . tcp dport timeout 1m30s500ms }");
}

/* The time in which connections go on begins once for each port. */
static void
ports_that_begin_to_be_cut(void **state)
{
	struct conf *conf = three_guards();

	(void)state;
	for (size_t i = 0; i < conf->n_doors; i++)
		conf->doors[i].open_timeout_ms = 3600000;
	install(conf);
	assert_string_equal(ruleset.begun, "");
	conf->doors[1].cut = true;
	install(conf);
	assert_string_equal(ruleset.begun, "22:tcp");
	assert_shows("nft list set inet knockd guarded_begun", "tcp . 22 timeout 1h expires 59m59s");
	nft("flush set inet knockd guarded_begun");
	install(conf);
	assert_string_equal(ruleset.begun, "");
	assert_lacks("nft list set inet knockd guarded_begun", "elements");
	conf->doors[0].cut = true;
	conf->doors[0].open.at[0].port = 23;
	install(conf);
	assert_string_equal(ruleset.begun, "23:tcp");
	assert_lacks("nft list set inet knockd guarded_begun", "22");
	assert_int_equal(ruleset_remove(&ruleset), 0);
	install(conf);
	assert_string_equal(ruleset.begun, "");
	nft("delete table inet knockd");
	ruleset.same = true;
	install(conf);
	assert_string_equal(ruleset.begun, "");
	assert_lacks("nft list set inet knockd guarded_begun", "elements");
	ruleset.same = false;
	confs_free(conf);
}

/* More ports than are compared, and so two look-ups for each packet, of its destination and of its source. */
static void
guards_of_many_ports(void **state)
{
	struct conf *conf = confs_new();

	(void)state;
	confs_door(conf, "7000", SYN, SYN, NULL);
	confs_open(conf, "22,1:udp,2:udp,3:udp,4:udp,5:udp,6:udp,7:udp,8:udp,9:udp,10:udp,11:udp,12:udp,13:udp", "");
	same(conf);
	assert_shows(LIST, "th sport @guarded_numbers meta l4proto . th sport @guarded_ports jump guard_begins");
}

/* The connections of a Target cannot be seen here; those of this machine's ports can, and there are none. */
static void
ports_with_older_connections(void **state)
{
	struct conf *conf = confs_new();

	(void)state;
	confs_door(conf, "7000", SYN, SYN, NULL);
	confs_open(conf, "22", "");
	confs_door(conf, "7000", SYN, SYN, "192.0.2.1");
	confs_open(conf, "80,53:udp", "");
	install(conf);
	assert_shows("nft list set inet knockd guarded_older", "elements = { 80 expires 23h59m");
	nft("flush set inet knockd guarded_older");
	install(conf);
	assert_lacks("nft list set inet knockd guarded_older", "elements");
	assert_int_equal(ruleset_remove(&ruleset), 0);
	install(conf);
	assert_lacks("nft list set inet knockd guarded_older", "elements");
	assert_int_equal(ruleset_unguard(&ruleset), 0);
	assert_lacks(LIST, "guarded_older");
	install(conf);
	assert_shows("nft list set inet knockd guarded_older", "elements = { 80 expires 23h59m");
	confs_free(conf);
}

/* The new table has the same ports, or others and other flags; the daemon or nft -f loads it. */
static void
open_ports_stay_open(void **state)
{
	struct conf *conf = three_guards(), *other = three_guards();
	char *before, *after, *fresh, *reloaded;

	(void)state;
	other->doors[0].open.at[0].port = 23;
	other->doors[1].flags_value = other->doors[1].flags_mask = ACK;
	confs_interface(other, (char[]){ "eth0" });
	install(other);
	fresh = output_of("%s", SORTED);
	assert_int_equal(ruleset_unguard(&ruleset), 0);
	assert_int_equal(ruleset_remove(&ruleset), 0);
	install(conf);
	open_all();
	before = output_of("%s", OPEN);
	assert_non_null(strstr(before, "2001:db8::9 . 2001:db8::1"));
	install(conf);
	load_printed(conf);
	install(other);
	after = output_of("%s", OPEN);
	assert_string_equal(before, after);
	for (size_t i = 0; i < N_ELEMENTS; i++)
		nft("delete element inet knockd %s", elements[i]);
	reloaded = output_of("%s", SORTED);
	assert_string_equal(fresh, reloaded);
	free(before);
	free(after);
	free(fresh);
	free(reloaded);
	confs_free(conf);
	confs_free(other);
}

static struct {
	size_t n;          /* elements of set open4 */
	uint32_t key_len;  /* their keys' */
	uint64_t first_ms; /* the first one's time */
	size_t asked;      /* for the elements of any set */
} giver;

/* ruleset_elements */
static void
give(void *arg, const char *set, nftset_visit *visit, void *visit_arg)
{
	struct nftset_found found = { .timeout_ms = giver.first_ms, .left_ms = giver.first_ms, .comment = "a door" };
	uint8_t key[NFTKEY_LEN_MAX] = { 10, [4] = 6, [8] = 0, 22 };

	assert_ptr_equal(arg, &giver);
	giver.asked++;
	if (strcmp(set, "open4"))
		return;
	for (size_t i = 0; i < giver.n; i++) {
		key[2] = (uint8_t)(i >> 8);
		key[3] = (uint8_t)i;
		visit(visit_arg, key, giver.key_len, &found);
		found.timeout_ms = found.left_ms = 60000;
	}
	found.timeout_ms = found.left_ms = NFTSET_ENDLESS;
	key[1] = 1;
	visit(visit_arg, key, giver.key_len, &found);
}

static void
with_giver(size_t n, uint32_t key_len, uint64_t first_ms)
{
	giver.n = n;
	giver.key_len = key_len;
	giver.first_ms = first_ms;
	giver.asked = 0;
	ruleset.elements = give;
	ruleset.elements_arg = &giver;
}

static void
new_sets_get_their_elements(void **state)
{
	struct conf *conf = three_guards();

	(void)state;
	with_giver(2, 12, 3600000);
	install(conf);
	assert_true(ruleset.emptied);
	assert_false(ruleset.bare);
	assert_shows("nft list set inet knockd open4", "10.0.0.0 . tcp . 22 timeout 1h expires");
	assert_shows("nft list set inet knockd open4", "10.0.0.1 . tcp . 22 timeout 1m expires");
	assert_shows("nft list set inet knockd open4", "10.1.0.1 . tcp . 22 comment \"a door\"");
	giver.asked = 0;
	install(conf);
	assert_int_equal(giver.asked, 0);
	assert_false(ruleset.emptied);
	nft("flush ruleset");
	with_giver(RULESET_ELEMENTS_MAX, 12, 3600000);
	install(conf);
	assert_false(ruleset.bare);
	assert_shows("nft list set inet knockd open4 | tr , '\\n' | grep -c expires", "10000");
	assert_lacks("nft list set inet knockd open4", "10.1.0.1");
	ruleset.elements = NULL;
	confs_free(conf);
}

static void
elements_that_are_refused_do_not_stop_the_guard(void **state)
{
	struct conf *conf = three_guards();
	char err[400] = "";

	(void)state;
	with_giver(2, 12, UINT64_MAX - 1);
	assert_int_equal(ruleset_install(&ruleset, conf, err, sizeof(err)), 0);
	assert_string_equal(err, "the kernel refused the elements of set open4: Numerical result out of range");
	assert_true(ruleset.bare);
	assert_true(ruleset.emptied);
	assert_true(ruleset_intact(&ruleset, conf));
	assert_lacks("nft list set inet knockd open4", "expires");
	with_giver(2, 5, 3600000);
	nft("flush ruleset");
	install(conf);
	assert_false(ruleset.bare);
	assert_lacks("nft list set inet knockd open4", "expires");
	ruleset.elements = NULL;
	confs_free(conf);
}

/* Another version or an admin made them: chains, rules that use them, maps of chains, sets with rules of their own. */
static void
foreign_chains_and_sets_are_removed(void **state)
{
	struct conf *conf = three_guards();

	(void)state;
	install(conf);
	open_all();
	nft("flush chain inet knockd guard_local");
	nft("flush chain inet knockd guard_target");
	nft("delete set inet knockd open6_target");
	nft("add set inet knockd open6_target '{ type ipv6_addr; flags timeout; }'");
	nft("add set inet knockd friends '{ type ipv4_addr; }'");
	nft("add chain inet knockd foreign '{ type filter hook input priority 0; }'");
	nft("add chain inet knockd deeper");
	nft("add map inet knockd ways '{ type ipv4_addr : verdict; elements = { 192.0.2.3 : jump deeper }; }'");
	nft("add rule inet knockd foreign ip saddr vmap @ways");
	nft("add rule inet knockd foreign ip saddr vmap '{ 192.0.2.4 : goto deeper }'");
	nft("add rule inet knockd foreign ip saddr @friends tcp dport '{ 1, 2 }' drop");
	nft("add rule inet knockd foreign ip saddr . meta l4proto . th dport @open4 drop");
	install(conf);
	assert_lacks(LIST, "foreign");
	assert_lacks(LIST, "deeper");
	assert_lacks(LIST, "friends");
	assert_lacks(LIST, "ways");
	assert_shows("nft list set inet knockd open6_target", "type ipv6_addr . ipv6_addr . inet_proto . inet_service");
	assert_lacks("nft list set inet knockd open6_target", "elements");
	assert_shows("nft list set inet knockd open4", "192.0.2.9 . tcp . 22");
	assert_shows("nft list chain inet knockd guard_target", "goto guard_shut");
	confs_free(conf);
}

/* In each set of ports. Elements that knocks or an admin have added do not count. */
static void
a_port_that_is_missing_is_noticed(void **state)
{
	static const char *const ports[] = {
		"local_syn '{ tcp . 7000 }'",
		"ip_syn '{ 192.0.2.1 . tcp . 7000 }'",
		"ip6_any '{ 2001:db8::1 . tcp . 7000 }'",
		"guarded '{ tcp . 22 }'",
		"guarded_ip '{ 192.0.2.1 . tcp . 22 }'",
		"guarded_ip6 '{ 2001:db8::1 . tcp . 22 }'",
	};
	struct conf *conf = three_guards();

	(void)state;
	assert_false(ruleset_intact(&ruleset, conf));
	install(conf);
	assert_true(ruleset_intact(&ruleset, conf));
	open_all();
	nft("add element inet knockd guarded '{ udp . 53 }'");
	assert_true(ruleset_intact(&ruleset, conf));
	for (size_t i = 0; i < N_ELEMENTS; i++)
		nft("delete element inet knockd %s", elements[i]);
	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
		nft("delete element inet knockd %s", ports[i]);
		assert_false(ruleset_intact(&ruleset, conf));
		nft("add element inet knockd %s", ports[i]);
		assert_true(ruleset_intact(&ruleset, conf));
	}
	nft("delete element inet knockd guarded '{ tcp . 22 }'");
	nft("add element inet knockd guarded '{ tcp . 23 }'");
	assert_false(ruleset_intact(&ruleset, conf));
	install(conf);
	assert_true(ruleset_intact(&ruleset, conf));
	confs_free(conf);
}

static void
a_port_without_a_door_is_not_guarded(void **state)
{
	struct conf *conf = three_guards(), *none = confs_new();

	(void)state;
	install(conf);
	open_all();
	conf->n_doors = 1;
	install(conf);
	assert_lacks(LIST, "guarded_ip");
	assert_lacks(LIST, "open4_target");
	assert_shows(LIST, "192.0.2.9 . tcp . 22");
	confs_door(none, "7000", 0, 0, NULL);
	install(none);
	assert_lacks(LIST, "guard");
	assert_lacks(LIST, "open");
	confs_free(conf);
	confs_free(none);
}

static void
shut_ports_stay_shut_without_a_daemon(void **state)
{
	struct conf *conf = three_guards();
	char *before, *after;

	(void)state;
	install(conf);
	open_all();
	before = output_of("nft list chain inet knockd guard; nft list chain inet knockd guard_target; %s", OPEN);
	assert_int_equal(ruleset_remove(&ruleset), 0);
	assert_int_equal(ruleset_remove(&ruleset), 0);
	after = output_of("nft list chain inet knockd guard; nft list chain inet knockd guard_target; %s", OPEN);
	assert_string_equal(before, after);
	assert_lacks(LIST, "log");
	assert_lacks(LIST, "chain prerouting");
	assert_lacks(LIST, "set ports");
	install(conf);
	assert_shows(LIST, "192.0.2.9 . tcp . 22");
	free(before);
	free(after);
	confs_free(conf);
}

static void
unguarding(void **state)
{
	struct conf *conf = three_guards();

	(void)state;
	assert_int_equal(ruleset_unguard(&ruleset), 0);
	install(conf);
	open_all();
	assert_int_equal(ruleset_unguard(&ruleset), 0);
	assert_lacks(LIST, "guard");
	assert_shows(LIST, "192.0.2.9 . tcp . 22");
	assert_shows(LIST, "chain prerouting");
	conf->unguarded = true;
	install(conf);
	assert_lacks(LIST, "guard");
	assert_shows(LIST, "192.0.2.9 . tcp . 22");
	conf->unguarded = false;
	install(conf);
	assert_shows(LIST, "chain guard");
	assert_shows(LIST, "192.0.2.9 . tcp . 22");
	assert_int_equal(ruleset_remove(&ruleset), 0);
	assert_int_equal(ruleset_unguard(&ruleset), 0);
	assert_lacks("nft list tables", "knockd");
	confs_free(conf);
}

static void
a_dormant_table_wakes(void **state)
{
	struct conf *conf = three_guards();

	(void)state;
	install(conf);
	nft("add table inet knockd '{ flags dormant; }'");
	assert_shows(LIST, "dormant");
	assert_false(ruleset_intact(&ruleset, conf));
	install(conf);
	assert_true(ruleset_intact(&ruleset, conf));
	assert_lacks(LIST, "dormant");
	confs_free(conf);
}

/* A kernel without the queue expression gives an error that names it. */
static void
queues(void **state)
{
	struct conf *conf = three_guards();
	struct ruleset_report to;
	char err[400] = "";

	(void)state;
	conf->capture = CONF_CAPTURE_NFQUEUE;
	conf->queue_num = 4711;
	if (ruleset_install(&ruleset, conf, err, sizeof(err))) {
		assert_non_null(strstr(err, "CONFIG_NFT_QUEUE"));
		puts("# this kernel has none");
		confs_free(conf);
		return;
	}
	assert_true(ruleset_reports_to(&to));
	assert_true(to.queued);
	assert_int_equal(to.number, 4711);
	assert_true(to.marked);
	assert_true(ruleset_has_guard());
	assert_true(ruleset_intact(&ruleset, conf));
	assert_int_equal(ruleset_unguard(&ruleset), 0);
	assert_shows(LIST, "bypass");
	assert_int_equal(ruleset_remove(&ruleset), 0);
	confs_door(conf, "7000", SYN, SYN, NULL);
	confs_open(conf, "53:udp", "");
	same(conf);
}

static void
the_groups_of_an_installed_table(void **state)
{
	struct conf *conf = three_guards();
	struct ruleset_report to;

	(void)state;
	assert_false(ruleset_reports_to(&to));
	conf->nflog_group = 4711;
	install(conf);
	assert_true(ruleset_reports_to(&to));
	assert_false(to.queued);
	assert_int_equal(to.number, 4711);
	assert_true(to.marked);
	assert_true(ruleset_has_guard());
	assert_int_equal(ruleset_remove(&ruleset), 0);
	assert_false(ruleset_reports_to(&to));
	assert_true(ruleset_has_guard());
	assert_int_equal(ruleset_unguard(&ruleset), 0);
	assert_false(ruleset_has_guard());
	load_printed(conf);
	assert_true(ruleset_reports_to(&to));
	assert_false(to.marked);
	assert_false(ruleset_has_guard());
	confs_free(conf);
}

/* Another program changes the ruleset all the time, also between look and commit. */
static void
a_busy_ruleset(void **state)
{
	struct conf *conf = three_guards();
	pid_t pid;
	int status;

	(void)state;
	install(conf);
	open_all();
	pid = fork();
	if (!pid) {
		execlp("sh", "sh", "-c", "i=0; while [ $i -lt 100 ]; do nft add table inet other$i; i=$((i + 1)); done",
		       (char *)NULL);
		_exit(127);
	}
	while (!waitpid(pid, &status, WNOHANG))
		install(conf);
	assert_int_equal(status, 0);
	assert_shows(LIST, "192.0.2.9 . tcp . 22");
	confs_free(conf);
}

static void
only_our_table_is_replaced(void **state)
{
	struct conf *conf = confs_new();
	char *before, *after;

	(void)state;
	nft("add table inet knockd");
	nft("add chain inet knockd foreign '{ type filter hook input priority 0; }'");
	nft("add set inet knockd ports '{ type ipv4_addr; }'");
	nft("add rule inet knockd foreign drop");
	nft("add table ip knockd");
	nft("add table inet other");
	nft("add chain inet other input '{ type filter hook input priority 0; }'");
	before = output_of("nft list table inet other; nft list table ip knockd");
	confs_door(conf, "7000", SYN, SYN, NULL);
	install(conf);
	install(conf);
	assert_lacks("nft list ruleset", "foreign");
	assert_shows(LIST, "chain prerouting");
	assert_int_equal(ruleset_remove(&ruleset), 0);
	assert_int_equal(ruleset_remove(&ruleset), 0);
	after = output_of("nft list table inet other; nft list table ip knockd");
	assert_string_equal(before, after);
	assert_lacks("nft list tables", "inet knockd");
	free(before);
	free(after);
	confs_free(conf);
}

/* A table of another process cannot be replaced: the error says so, and nothing is changed. */
static void
a_refusal_is_reported(void **state)
{
	struct conf *conf = confs_new();
	struct nfnl *owner = nfnl_open();
	struct nlmsghdr *nlh;
	char err[400] = "", expected[400];

	(void)state;
	assert_non_null(owner);
	nfnl_begin(owner, 0);
	nlh = nfnl_add(owner, NFT_MSG_NEWTABLE, NFPROTO_INET, NLM_F_CREATE);
	mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, RULESET_TABLE);
	mnl_attr_put_u32(nlh, NFTA_TABLE_FLAGS, htonl(NETNS_TABLE_F_OWNER));
	if (nfnl_commit(owner, ignore, NULL))
		SKIP("Linux before 5.12 knows no owner of a table");
	confs_door(conf, "7000", SYN, SYN, NULL);
	assert_int_equal(ruleset_install(&ruleset, conf, err, sizeof(err)), -1);
	assert_int_equal(errno, EPERM);
	snprintf(expected, sizeof(expected), "the table belongs to another process (netlink port %u)",
		 nfnl_port(owner));
	assert_string_equal(err, expected);
	assert_int_equal(ruleset_remove(&ruleset), -1);
	assert_int_equal(errno, EPERM);
	assert_lacks(LIST, "chain");
	nfnl_close(owner);
	confs_free(conf);
}

/* nft 1.0.6 shows the second flag as a number. */
#define OWNED "nft list table inet knockd | grep -q 'flags owner'"

static bool
is_owned(void)
{
	return !system(OWNED);
}

static void
assert_same(const char *command, const char *before)
{
	char *after = output_of("%s", command);

	assert_string_equal(before, after);
	free(after);
}

/* Elements of all kinds are there when the first owner comes. */
static void
a_table_gets_an_owner(void **state)
{
	struct conf *conf = three_guards();
	char *open, *chains;

	(void)state;
	install(conf);
	open_all();
	nft("add element inet knockd open6 '{ 2001:db8::77 . tcp . 22 timeout 1h expires 30m }'");
	open = output_of("%s", OPEN);
	chains = output_of("%s", CHAINS);
	assert_false(ruleset.owned);
	conf->own_table = CONF_OWN_GUARD;
	install(conf);
	assert_int_equal(ruleset.owned, !ruleset.cannot_own);
	assert_int_equal(is_owned(), ruleset.owned);
	assert_false(ruleset.emptied);
	assert_true(ruleset_intact(&ruleset, conf));
	assert_same(OPEN, open);
	assert_same(CHAINS, chains);
	assert_shows("nft list set inet knockd open6", "2001:db8::77 . tcp . 22 timeout 1h expires 29m5");
	assert_shows("nft list set inet knockd open4", "comment \"a\"");
	free(open);
	free(chains);
	confs_free(conf);
}

static void
an_owned_table(void **state)
{
	struct conf *conf = three_guards();
	char *open;

	(void)state;
	install(conf);
	open_all();
	open = output_of("%s", OPEN);
	conf->own_table = CONF_OWN_GUARD;
	install(conf);
	if (!ruleset.cannot_own) {
		nft("flush ruleset");
		assert_true(ruleset_intact(&ruleset, conf));
		assert_int_not_equal(system("nft delete table inet knockd 2>/dev/null"), 0);
		assert_int_not_equal(system("nft flush set inet knockd open4 2>/dev/null"), 0);
		install(conf);
		assert_same(OPEN, open);
		/* the owner goes, another one comes */
		assert_int_equal(nfnl_renew(ruleset.nfnl), 0);
		assert_false(is_owned());
		assert_true(ruleset_intact(&ruleset, conf));
		nft("add element inet knockd open4_target '{ 192.0.2.77 . 192.0.2.1 . tcp . 22 }'");
		nft("delete element inet knockd open4_target '{ 192.0.2.77 . 192.0.2.1 . tcp . 22 }'");
		install(conf);
		assert_true(is_owned());
		assert_same(OPEN, open);
		/* none any more */
		assert_int_equal(nfnl_renew(ruleset.nfnl), 0);
		conf->own_table = CONF_OWN_NO;
		install(conf);
		assert_false(ruleset.owned);
		assert_false(is_owned());
		assert_true(ruleset_intact(&ruleset, conf));
		assert_same(OPEN, open);
	}
	free(open);
	confs_free(conf);
}

/* The child's exit status says which check failed. */
static int
without_capability(const struct conf *conf)
{
	char err[400] = "";

	if (netns_drop_capabilities())
		return 1;
	if (!ruleset_install(&ruleset, conf, err, sizeof(err)) || errno != EPERM)
		return 2;
	if (strcmp(err, "Operation not permitted"))
		return 3;
	return !ruleset_remove(&ruleset) || errno != EPERM ? 4 : 0;
}

static void
without_capability_it_is_eperm(void **state)
{
	struct conf *conf = confs_new();
	int status;
	pid_t pid;

	(void)state;
	confs_door(conf, "7000", SYN, SYN, NULL);
	pid = fork();
	if (!pid) {
		status = without_capability(conf);
		confs_free(conf);
		_exit(status);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	confs_free(conf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(no_doors, clear),
		cmocka_unit_test_setup(one_door, clear),
		cmocka_unit_test_setup(groups_of_flags, clear),
		cmocka_unit_test_setup(targets, clear),
		cmocka_unit_test_setup(signed_knocks, clear),
		cmocka_unit_test_setup(interfaces, clear),
		cmocka_unit_test_setup(ipv4_alone, clear),
		cmocka_unit_test_setup(a_thousand_doors, clear),
		cmocka_unit_test_setup(scans, clear),
		cmocka_unit_test_setup(guards, clear),
		cmocka_unit_test_setup(guards_of_targets, clear),
		cmocka_unit_test_setup(guards_that_cut, clear),
		cmocka_unit_test_setup(guards_with_idle_times, clear),
		cmocka_unit_test_setup(ports_that_begin_to_be_cut, clear),
		cmocka_unit_test_setup(guards_of_many_ports, clear),
		cmocka_unit_test_setup(ports_with_older_connections, clear),
		cmocka_unit_test_setup(open_ports_stay_open, clear),
		cmocka_unit_test_setup(new_sets_get_their_elements, clear),
		cmocka_unit_test_setup(elements_that_are_refused_do_not_stop_the_guard, clear),
		cmocka_unit_test_setup(foreign_chains_and_sets_are_removed, clear),
		cmocka_unit_test_setup(a_port_that_is_missing_is_noticed, clear),
		cmocka_unit_test_setup(a_port_without_a_door_is_not_guarded, clear),
		cmocka_unit_test_setup(shut_ports_stay_shut_without_a_daemon, clear),
		cmocka_unit_test_setup(unguarding, clear),
		cmocka_unit_test_setup(a_dormant_table_wakes, clear),
		cmocka_unit_test_setup(queues, clear),
		cmocka_unit_test_setup(the_groups_of_an_installed_table, clear),
		cmocka_unit_test_setup(a_busy_ruleset, clear),
		cmocka_unit_test_setup(only_our_table_is_replaced, clear),
		cmocka_unit_test_setup(a_refusal_is_reported, clear),
		cmocka_unit_test_setup(a_table_gets_an_owner, clear),
		cmocka_unit_test_setup(an_owned_table, clear),
		cmocka_unit_test_setup(without_capability_it_is_eperm, clear),
	};
	const char *reason = netns_enter();
	int failed;

	if (reason) {
		printf("1..0 # SKIP %s\n", reason);
		return 0;
	}
	ruleset.nfnl = nfnl_open();
	if (!ruleset.nfnl) {
		perror("netlink");
		return 1;
	}
	failed = cmocka_run_group_tests_name("ruleset_kernel", tests, NULL, NULL);
	nfnl_close(ruleset.nfnl);
	return failed;
}
