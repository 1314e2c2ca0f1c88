/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libnftnl/expr.h> /* uses types of the headers above without including them */

#include "confs.h"
#include "table/compose.h"
#include "table/expr.h"
#include "table/guard_rules.h"
#include "table/rules.h"
#include "table/ruleset.h"

/* Compares the printed text from the table's first line on; a_guard() has the lines before it. Frees `conf`. */
static void
prints(struct conf *conf, const char *expected)
{
	static const char begin[] = "\ntable inet knockd {\n";
	char *text = NULL, *table;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	assert_int_equal(ruleset_print(conf, out), 0);
	fclose(out);
	table = strstr(text, begin);
	assert_non_null(table);
	assert_string_equal(table + strlen(begin), expected);
	free(text);
	confs_free(conf);
}

/* What the last chain has behind the comparisons of ports. Takes the configuration. */
static void
ends_with(struct conf *conf, const char *expected)
{
	char *text = NULL, *rest, *end;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_int_equal(ruleset_print(conf, out), 0);
	fclose(out);
	rest = strstr(text, "\tchain prerouting {");
	assert_non_null(rest);
	while (strstr(rest, "th dport"))
		rest = strstr(rest, "th dport") + 1;
	rest = strchr(rest, '\n') + 1;
	end = strchr(rest, '}') - 1;
	*end = '\0';
	assert_string_equal(rest, expected);
	free(text);
	confs_free(conf);
}

/* The texts below have nft's layout. */
/* clang-format off */
#define MARTIANS                                                                 \
	"\t\tiifname != \"lo\" meta nfproto ipv4 fib saddr type != unicast return\n" \
	"\t\tiifname != \"lo\" meta nfproto ipv6 fib saddr type local return\n"      \
	"\t\tiifname != \"lo\" meta nfproto ipv6 fib saddr type anycast return\n"
#define LOCAL_BY(fib, group, threshold)                                                         \
	"\t\t" fib " log prefix \"knockd local\" group " group " snaplen 256 queue-threshold " threshold \
	" return\n"
#define LOCAL(fib, group)    LOCAL_BY(fib, group, "1")
#define GATHERED(fib, group) LOCAL_BY(fib, group, "64")
#define IN_MAIN   "fib daddr type local"
#define IN_VRF    "fib daddr . iif oif missing"
#define AT_MEMBER "fib daddr . iif type local"
#define VRF_AND   "meta iifkind \"vrf\" "
#define FLOODED(group, at_member)                                                                    \
	"\tchain flooded {\n" GATHERED(IN_MAIN, group) GATHERED(VRF_AND IN_VRF, group) at_member     \
	"\t\tlog prefix \"knockd target\" group " group " snaplen 256 queue-threshold 64\n"         \
	"\t}\n\n"
#define LONG "\t\tudp length >= 192 limit rate over 500/second burst 100 packets counter goto flooded\n"
#define TAIL(group, at_member)                                                                       \
	LOCAL(IN_MAIN, group) LOCAL(VRF_AND IN_VRF, group) at_member                                 \
	"\t\tlog prefix \"knockd target\" group " group " snaplen 256 queue-threshold 1\n"          \
	"\t}\n\n"
#define REPORT "\tchain report {\n" MARTIANS TAIL("7777", "")
#define REPORT_OF_INTERFACES "\tchain report {\n" MARTIANS TAIL("7777", LOCAL(AT_MEMBER, "7777"))
#define KNOCKS_VRF(rules) "\tchain knocks_vrf {\n" rules "\t}\n\n"
#define SEEN              "\t\t" VRF_AND IN_MAIN " return\n"
#define KNOCKS            "\tchain knocks {\n\t\t" VRF_AND "goto knocks_vrf\n"
#define KNOCK(set, fib)   "\t\t" set " " fib " counter goto report\n"

#define PORTS "inet_proto . inet_service"

#define NEXT(element) ",\n\t\t\t     " element
#define SET(name, type, proto)                                                                                     \
	"\tset " name " {\n\t\ttype " type "\n\t\telements = { " proto "1" NEXT(proto "2") NEXT(proto "3")            \
	NEXT(proto "4") NEXT(proto "5") NEXT(proto "6") NEXT(proto "7") NEXT(proto "8") NEXT(proto "9")               \
	NEXT(proto "10") NEXT(proto "11") NEXT(proto "12") NEXT(proto "13") " }\n\t}\n\n"

#define HITS(port, proto, to) "\t\tth dport " port " meta l4proto " proto " goto " to "\n"

#define BASE(terms)              \
	"\tchain prerouting {\n" \
	"\t\ttype filter hook prerouting priority -350; policy accept;\n" terms "\t}\n}\n"

static void
no_doors(void **state)
{
	struct conf *conf = confs_new();

	(void)state;
	confs_door(conf, "", SYN, SYN, NULL);
	prints(conf, BASE(""));
}

static void
one_door(void **state)
{
	struct conf *conf = confs_new();

	(void)state;
	confs_door(conf, "9000,7000,8000:udp,7000,9000:udp", SYN, SYN, NULL);
	prints(conf,
	       "\tset local_syn {\n\t\ttype inet_proto . inet_service\n"
	       "\t\telements = { tcp . 7000,\n\t\t\t     tcp . 9000 }\n\t}\n\n"
	       "\tset local_any {\n\t\ttype inet_proto . inet_service\n"
	       "\t\telements = { udp . 8000,\n\t\t\t     udp . 9000 }\n\t}\n\n" REPORT
	       KNOCKS_VRF(SEEN KNOCK("meta l4proto . th dport @local_syn tcp flags & (syn) == syn", IN_VRF)
			  KNOCK("meta l4proto . th dport @local_any", IN_VRF))
	       KNOCKS KNOCK("meta l4proto . th dport @local_syn tcp flags & (syn) == syn", IN_MAIN)
			  KNOCK("meta l4proto . th dport @local_any", IN_MAIN)
	       "\t}\n\n" BASE(HITS("7000", "tcp", "knocks") HITS("8000", "udp", "knocks")
				  "\t\tth dport 9000 goto knocks\n"));
}

#define TO_TARGETS                                                                                               \
	"\t\tip daddr . meta l4proto . th dport @ip_not_syn tcp flags & (syn) == 0 counter goto report\n"       \
	"\t\tip6 daddr . meta l4proto . th dport @ip6_syn_not_ack tcp flags & (syn | ack) == syn counter goto " \
	"report\n"

static void
targets_interfaces_and_flags(void **state)
{
	struct conf *conf = confs_new();

	(void)state;
	confs_interface(conf, (char[]){ "eth0" });
	confs_interface(conf, (char[]){ "ppp*" });
	confs_door(conf, "1", SYN | ACK, SYN, "2001:db8::1");
	confs_door(conf, "1", SYN, 0, "192.0.2.1");
	prints(conf,
	       "\tset ip_not_syn {\n\t\ttype ipv4_addr . inet_proto . inet_service\n"
	       "\t\telements = { 192.0.2.1 . tcp . 1 }\n\t}\n\n"
	       "\tset ip6_syn_not_ack {\n\t\ttype ipv6_addr . inet_proto . inet_service\n"
	       "\t\telements = { 2001:db8::1 . tcp . 1 }\n\t}\n\n" REPORT_OF_INTERFACES
	       KNOCKS_VRF(TO_TARGETS) KNOCKS TO_TARGETS
	       "\t}\n\n"
	       "\tchain interfaces {\n\t\tiifname \"eth0\" goto knocks\n\t\tiifname \"ppp*\" goto knocks\n\t}\n\n" BASE(
		   HITS("1", "tcp", "interfaces")));
}

static void
ipv4_alone(void **state)
{
	struct conf *conf = confs_new();

	(void)state;
	conf->only_ipv4 = true;
	conf->nflog_group = 5;
	confs_interface(conf, (char[]){ "*" });
	confs_door(conf, "1:udp", SYN, SYN, NULL);
	confs_door(conf, "2", 0, 0, "2001:db8::1");
	prints(conf,
	       "\tset local_any {\n\t\ttype inet_proto . inet_service\n\t\telements = { udp . 1 }\n\t}\n\n"
	       "\tchain report {\n" MARTIANS TAIL("5", LOCAL(AT_MEMBER, "5"))
	       KNOCKS_VRF(KNOCK("meta nfproto ipv4 meta l4proto . th dport @local_any", IN_VRF))
	       KNOCKS KNOCK("meta nfproto ipv4 meta l4proto . th dport @local_any", IN_MAIN)
	       KNOCK("meta nfproto ipv4 meta l4proto . th dport @local_any", AT_MEMBER) "\t}\n\n"
	       "\tchain interfaces {\n\t\tgoto knocks\n\t}\n\n" BASE(
		   HITS("1", "udp", "interfaces")));
}

/* Above RULES_COMPARED_MAX ports a look-up replaces the comparisons. */
static void
many_ports(void **state)
{
	struct conf *conf = confs_new();

	(void)state;
	confs_door(conf, "1,2,3,4,5,6,7,8,9,10,11,12,13", 0, 0, NULL);
	prints(conf, SET("local_any", PORTS, "tcp . ") SET("ports", PORTS, "tcp . ") SET("port_numbers", "inet_service", "")
		     REPORT
	       KNOCKS_VRF(SEEN KNOCK("meta l4proto . th dport @local_any", IN_VRF))
	       KNOCKS KNOCK("meta l4proto . th dport @local_any", IN_MAIN) "\t}\n\n" BASE(
		   "\t\tth dport @port_numbers meta l4proto . th dport @ports goto knocks\n"));
}

/* The same for the guard, with and without Target. */
static void
many_guarded_ports(void **state)
{
	struct conf *conf = confs_new();
	struct rules *rules;

	(void)state;
	confs_door(conf, "1", 0, 0, NULL);
	confs_open(conf, "1,2,3,4,5,6,7,8,9,10,11,12,12:udp", "");
	confs_door(conf, "1", 0, 0, "192.0.2.1");
	confs_open(conf, "12", "");
	rules = compose_rules(conf);
	assert_int_equal(rules->guarded.numbers.n, 12);
	assert_null(rules_set(rules, "guarded_ports"));
	rules_free(rules);

	confs_door(conf, "1", 0, 0, "192.0.2.1");
	confs_open(conf, "13", "");
	rules = compose_rules(conf);
	assert_int_equal(rules_set(rules, "guarded_numbers")->n, 13);
	assert_int_equal(rules_set(rules, "guarded_ports")->n, 14);
	assert_true(guard_rules_has("guarded_numbers", false));
	assert_true(guard_rules_has("guarded_ports", false));
	rules_free(rules);
	confs_free(conf);
}

/* Each combination of flags has a set and a name of its own. */
static void
every_combination_of_flags(void **state)
{
	struct conf *conf = confs_new();
	struct rules *rules;

	(void)state;
	for (unsigned mask = 0; mask < 256; mask++)
		confs_door(conf, "7000,8000:udp", (uint8_t)mask, (uint8_t)(mask & 0x55), NULL);
	confs_door(conf, "1", 0xff, 0, NULL);
	confs_door(conf, "1", SYN, 0xff, NULL);
	rules = compose_rules(conf);
	assert_non_null(rules);
	assert_int_equal(rules->n_sets, 256 + 2);
	assert_int_equal(rules->knocked.numbers.n, 3);
	for (size_t i = 0; i < rules->n_sets; i++) {
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(rules->sets[i].name, rules->sets[j].name);
	}
	assert_string_equal(rules->sets[256].name,
			    "local_not_fin_not_syn_not_rst_not_psh_not_ack_not_urg_not_ecn_not_cwr");
	assert_string_equal(rules->sets[257].name, "local_syn");
	rules_free(rules);
	confs_free(conf);
}

#define AWAY(kind, name, type) "add " kind " inet knockd " name type "\ndelete " kind " inet knockd " name "\n"
#define CHAIN_AWAY(name)       AWAY("chain", name, "")
#define SET_AWAY(name, type)   AWAY("set", name, " { type " type "; }")

#define UNDER_WAY                                                                                          \
	"\t\ttcp flags & (syn | ack) != syn ct state & new == 0 return\n"                                     \
	"\t\ttcp flags & (syn | ack) != syn th dport @guarded_older return\n"                                 \
	"\t\tmeta l4proto udp ct state established ct direction original return\n"                            \
	"\t\tmeta l4proto udp ct state established ct status & snat == 0 return\n"                            \
	"\t\tmeta l4proto udp ct state established ct status & dnat == 0 ct protocol . ct original proto-src " \
	"@guarded return\n"                                                                                   \
	"\t\tiifname \"lo\" return\n"
#define NOT_OURS                                                                 \
	"\t\tiifname \"lo\" return\n"                                             \
	"\t\tmeta nfproto ipv4 fib saddr type != unicast goto guard_forged\n"        \
	"\t\tfib saddr type local goto guard_forged\n"                               \
	"\t\tfib saddr . iif type local goto guard_forged\n"                         \
	"\t\tfib saddr type anycast goto guard_forged\n"
#define HIDDEN(fib) \
	"\t\tmeta l4proto ah ct protocol . ct original proto-dst @guarded fib daddr " fib " goto guard_forged\n"
#define VRF(proto)                                                                                          \
	"\t\tmeta l4proto " proto " ip saddr . ct protocol . ct original proto-dst @open4 return\n"            \
	"\t\tmeta l4proto " proto " ip6 saddr . ct protocol . ct original proto-dst @open6 return\n"           \
	"\t\tmeta l4proto " proto " ct protocol . ct original proto-dst @guarded goto guard_shut\n"

/* A reload replaces all but the sets of admitted addresses, so open ports stay open. */
static void
a_guard(void **state)
{
	struct conf *conf = confs_new();
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	confs_door(conf, "", SYN, SYN, NULL);
	confs_open(conf, "443:udp,22,22", "");
	assert_int_equal(ruleset_print(conf, out), 0);
	fclose(out);
	assert_string_equal(
	    text, "table inet knockd\nflush table inet knockd\n" CHAIN_AWAY("flooded") CHAIN_AWAY("report") CHAIN_AWAY("knocks_vrf") CHAIN_AWAY("knocks")
		      CHAIN_AWAY("interfaces") CHAIN_AWAY("signed") CHAIN_AWAY("signed_interfaces") CHAIN_AWAY("waiting") CHAIN_AWAY("strays") CHAIN_AWAY("stray_interfaces")
			  CHAIN_AWAY("unasked") CHAIN_AWAY("knockers") CHAIN_AWAY("udps") CHAIN_AWAY("prerouting")
			  CHAIN_AWAY("guard_shut") CHAIN_AWAY("guard_local") CHAIN_AWAY("guard_target")
			  CHAIN_AWAY("guard_idle") CHAIN_AWAY("guard_cut") CHAIN_AWAY("guard_ports") CHAIN_AWAY("guard_forged") CHAIN_AWAY("guard_begins")
			  CHAIN_AWAY("guard_hidden") CHAIN_AWAY("guard_cut_vrf") CHAIN_AWAY("guard_vrf") CHAIN_AWAY("guard")
			  CHAIN_AWAY("guard_cut_here") CHAIN_AWAY("guard_delivered") CHAIN_AWAY("guard_input")
			      SET_AWAY("guarded", PORTS) "table inet knockd {\n"
		  "\tset guarded {\n\t\ttype " PORTS "\n\t\telements = { tcp . 22,\n\t\t\t     udp . 443 }\n\t}\n\n"
		  "\tset open4 {\n\t\ttype ipv4_addr . " PORTS "\n\t\tflags timeout\n\t}\n\n"
		  "\tset open6 {\n\t\ttype ipv6_addr . " PORTS "\n\t\tflags timeout\n\t}\n\n"
		  "\tset guarded_older {\n\t\ttype inet_service\n\t\tflags timeout\n\t\ttimeout 86400s\n\t}\n\n"
		  "\tchain prerouting {\n\t\ttype filter hook prerouting priority -350; policy accept;\n\t}\n\n"
		  "\tchain guard_shut {\n\t\tcounter drop\n\t}\n\n"
		  "\tchain guard_local {\n"
		  "\t\tip saddr . meta l4proto . th dport @open4 return\n"
		  "\t\tip6 saddr . meta l4proto . th dport @open6 return\n"
		  "\t\tgoto guard_shut\n\t}\n\n"
		  "\tchain guard_ports {\n" UNDER_WAY
		  "\t\tmeta l4proto . th dport @guarded fib daddr type != unicast goto guard_local\n"
		  "\t\tmeta l4proto . th dport @guarded fib daddr . iif type local goto guard_local\n"
		  "\t\tmeta l4proto . th dport @guarded fib daddr oif missing goto guard_local\n\t}\n\n"
		  "\tchain guard_forged {\n\t\tcounter drop\n\t}\n\n"
		  "\tchain guard_begins {\n" NOT_OURS
		  "\t\tct state & new == 0 return\n"
		  "\t\tfib daddr . iif type local return\n"
		  "\t\tmeta nfproto ipv4 fib daddr type != unicast return\n"
		  "\t\tmeta nfproto ipv6 fib daddr type local return\n"
		  "\t\tmeta nfproto ipv6 fib daddr type anycast return\n"
		  "\t\tmeta nfproto ipv6 fib daddr type multicast return\n"
		  "\t\tmeta l4proto . th sport @guarded fib saddr . iif oif missing goto guard_forged\n"
		  "\t}\n\n"
		  "\tchain guard_hidden {\n" NOT_OURS
		  "\t\tct state & new == 0 return\n"
		  "\t\tfib saddr . iif oif missing goto guard_forged\n" HIDDEN("type != unicast") HIDDEN(". iif type local")
		  HIDDEN("oif missing") "\t}\n\n"
		  "\tchain guard_vrf {\n"
		  "\t\tct state & new == 0 return\n" VRF("tcp") VRF("udp") "\t}\n\n"
		  "\tchain guard {\n\t\ttype filter hook prerouting priority -149; policy accept;\n"
		  "\t\tth sport 22 meta l4proto tcp jump guard_begins\n"
		  "\t\tth sport 443 meta l4proto udp jump guard_begins\n"
		  "\t\tth dport 22 meta l4proto tcp goto guard_ports\n"
		  "\t\tth dport 443 meta l4proto udp goto guard_ports\n"
		  "\t\tmeta l4proto ah meta nfproto ipv6 goto guard_hidden\n"
		  "\t\tmeta iifkind \"vrf\" ct status dnat goto guard_vrf\n\t}\n\n"
		  "\tchain guard_delivered {\n\t\tct status dnat return\n" UNDER_WAY
		  "\t\tmeta l4proto . th dport @guarded goto guard_local\n\t}\n\n"
		  "\tchain guard_input {\n\t\ttype filter hook input priority -149; policy accept;\n"
		  "\t\tth dport 22 meta l4proto tcp goto guard_delivered\n"
		  "\t\tth dport 443 meta l4proto udp goto guard_delivered\n\t}\n}\n");
	free(text);
	confs_free(conf);
}

/* A door that only closes needs the sets, which may have elements, and guards no port. */
static void
parts_of_a_guard(void **state)
{
	struct conf *conf = confs_new();
	struct rules *rules;

	(void)state;
	confs_door(conf, "", SYN, SYN, "2001:db8::1");
	confs_open(conf, "", "22");
	rules = compose_rules(conf);
	assert_int_equal(rules->n_sets, 1);
	assert_int_equal(rules->n_rules, 0);
	assert_non_null(rules_kept_set(rules, "open6_target"));
	assert_null(rules_kept_set(rules, "open4"));
	rules_free(rules);

	confs_open(conf, "22", "");
	rules = compose_rules(conf);
	assert_int_equal(rules->n_sets, 3);
	assert_int_equal(rules->n_chains, 8);
	rules_free(rules);

	conf->unguarded = true;
	rules = compose_rules(conf);
	assert_int_equal(rules->n_sets, 1);
	assert_int_equal(rules->n_chains, 1);
	rules_free(rules);
	confs_free(conf);
}

/* Packets in queues are never gathered, so `flooded` is missing. */
static void
every_chain_and_set_is_known(void **state)
{
	struct conf *conf = confs_new();
	struct rules *rules;

	(void)state;
	confs_interface(conf, (char[]){ "eth0" });
	conf->guard_policy = CONF_GUARD_REJECT;
	conf->scan_guard = 8;
	conf->capture = CONF_CAPTURE_NFQUEUE;
	for (int i = 0; i < 3; i++) {
		confs_door(conf, "1,2,3,4,5,6,7,8,9,10,11,12,13,62201:auth", 0, 0, i ? i == 1 ? "192.0.2.1" : "2001:db8::1" : NULL);
		confs_open(conf, "22,1:udp,2:udp,3:udp,4:udp,5:udp,6:udp,7:udp,8:udp,9:udp,10:udp,11:udp,12:udp,13:udp",
			   "");
		conf->doors[i].seq_timeout = 25;
		conf->doors[i].cut = true;
		conf->doors[i].idle_ms = 1000;
	}
	rules = compose_rules(conf);
	assert_int_equal(rules->n_chains, RULES_CHAINS);
	for (size_t i = 0; i < RULES_CHAINS; i++) {
		assert_string_equal(rules->chains[i].name, rules_chain_names[i + 1]);
		assert_int_equal(guard_rules_has(rules->chains[i].name, false), i >= 13);
	}
	assert_string_equal(rules_chain_names[0], "flooded");
	assert_null(rules_chain_names[RULES_CHAINS + 1]);
	for (size_t i = 0; i < rules->n_sets; i++) {
		bool of_guard = strstr(rules->sets[i].name, "guarded") || rules->sets[i].kept;
		bool older = !strncmp(rules->sets[i].name, "guarded_", strlen("guarded_"));
		bool until = !strncmp(rules->sets[i].name, "guard_until", strlen("guard_until"));

		assert_int_equal(guard_rules_has(rules->sets[i].name, true), of_guard);
		assert_int_equal(guard_rules_has(rules->sets[i].name, false),
				 of_guard && (!rules->sets[i].kept || older || until));
	}
	assert_int_equal(rules->n_sets, 3 + 2 + 3 + 4 + 4 + 4 + 1 + 5 + 3 * 2);
	rules_free(rules);
	confs_free(conf);
}

#define KNOCKERS(name, type, seconds) \
	"\tset " name " {\n\t\ttype " type "\n\t\tsize 65536\n\t\tflags dynamic,timeout\n\t\ttimeout " seconds "\n\t}\n\n"

#define PLAIN "\t\t@th,96,32 & 0x120000 == 0x20000 meta l4proto tcp goto knockers\n"
#define UNASKED(next)                                                                            \
	"\tchain unasked {\n\t\t@th,96,32 & 0x120000 == 0x20000 meta l4proto tcp goto " next "\n" \
	"\t\tsocket transparent 0 return\n\t\tgoto " next "\n\t}\n\n"

/* The rules remember a source that hits a first port, and also report its connections to other ports. */
static void
a_scan_guard(void **state)
{
	struct conf *conf = confs_new();

	(void)state;
	conf->scan_guard = 8;
	confs_interface(conf, (char[]){ "eth0" });
	confs_door(conf, "1,2", 0, 0, NULL);
	confs_door(conf, "3,1", 0, 0, "192.0.2.1");
	confs_door(conf, "4", 0, 0, "192.0.2.2");
	conf->doors[0].seq_timeout = 25;
	conf->doors[1].seq_timeout = 7200;
	prints(conf,
	       "\tset local_any {\n\t\ttype " PORTS "\n\t\telements = { tcp . 1,\n\t\t\t     tcp . 2 }\n\t}\n\n"
	       "\tset ip_any {\n\t\ttype ipv4_addr . " PORTS "\n\t\telements = { 192.0.2.1 . tcp . 1,\n"
	       "\t\t\t     192.0.2.1 . tcp . 3,\n\t\t\t     192.0.2.2 . tcp . 4 }\n\t}\n\n"
	       "\tset firsts {\n\t\ttype " PORTS "\n\t\telements = { tcp . 1,\n\t\t\t     tcp . 3 }\n\t}\n\n" KNOCKERS(
		   "knockers4", "ipv4_addr", "3600s")
	       "\tset targets4 {\n\t\ttype ipv4_addr\n\t\telements = { 192.0.2.1 }\n\t}\n\n" KNOCKERS(
		   "knockers6", "ipv6_addr", "3600s") "\tchain report {\n" MARTIANS
	       "\t\tmeta l4proto . th dport @firsts update @knockers4 { ip saddr }\n"
	       "\t\tmeta l4proto . th dport @firsts update @knockers6 { ip6 saddr }\n"
	       TAIL("7777", LOCAL(AT_MEMBER, "7777"))
	       KNOCKS_VRF(KNOCK("meta l4proto . th dport @local_any", IN_VRF)
			  "\t\tip daddr . meta l4proto . th dport @ip_any counter goto report\n")
	       KNOCKS KNOCK("meta l4proto . th dport @local_any", IN_MAIN)
	       KNOCK("meta l4proto . th dport @local_any", AT_MEMBER)
	       "\t\tip daddr . meta l4proto . th dport @ip_any counter goto report\n\t}\n\n"
	       "\tchain interfaces {\n\t\tiifname \"eth0\" goto knocks\n\t}\n\n"
	       "\tchain strays {\n\t\t" IN_MAIN " goto report\n\t\t" VRF_AND IN_VRF " goto report\n"
	       "\t\t" AT_MEMBER " goto report\n\t\tip daddr @targets4 goto report\n\t}\n\n"
	       "\tchain stray_interfaces {\n\t\tiifname \"eth0\" goto strays\n\t}\n\n"
	       UNASKED("stray_interfaces")
	       "\tchain knockers {\n\t\tip saddr @knockers4 goto unasked\n"
	       "\t\tip6 saddr @knockers6 goto unasked\n\t}\n\n"
	       BASE(HITS("1", "tcp", "interfaces") HITS("2", "tcp", "interfaces") HITS("3", "tcp", "interfaces")
		    HITS("4", "tcp", "interfaces") "\t\tmeta l4proto tcp goto knockers\n"));
}

/* Packets of knockers that could be a scan: as few as the doors' flags allow. */
static void
strays_of_flags(void **state)
{
	static const struct {
		uint8_t mask, value;
		const char *sequence, *rules;
	} cases[] = {
		{ SYN | ACK, SYN, "1,2", PLAIN },
		{ SYN, SYN, "1,2", "\t\t@th,96,32 & 0x20000 == 0x20000 meta l4proto tcp goto knockers\n" },
		{ SYN, 0, "1,2", PLAIN "\t\ttcp flags & (syn) == 0 goto knockers\n" },
		{ 0, 0, "1,2", "\t\tmeta l4proto tcp goto knockers\n" },
		{ 0, 0, "1:udp,2:udp", PLAIN "\t\tmeta l4proto udp goto knockers\n" },
		{ SYN | ACK, SYN, "1:udp,2", PLAIN "\t\tmeta l4proto udp goto knockers\n" },
		{ 0, 0, "1", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct conf *conf = confs_new();

		conf->scan_guard = 8;
		confs_door(conf, cases[i].sequence, cases[i].mask, cases[i].value, NULL);
		confs_door(conf, cases[i].sequence, cases[i].mask, cases[i].value, "192.0.2.1");
		conf->doors[0].seq_timeout = conf->doors[1].seq_timeout = 25;
		ends_with(conf, cases[i].rules);
	}
}

/* No attempts: doors of a single port, and doors whose timeout nobody can meet. With -4 there is no IPv6. */
static void
parts_of_a_scan_guard(void **state)
{
	struct conf *conf = confs_new();
	struct rules *rules;

	(void)state;
	conf->scan_guard = 1;
	confs_door(conf, "1", 0, 0, NULL);
	confs_door(conf, "2,3", 0, 0, NULL);
	conf->doors[1].seq_timeout = 0;
	rules = compose_rules(conf);
	assert_null(rules_set(rules, "knockers4"));
	rules_free(rules);

	conf->doors[1].seq_timeout = 5;
	rules = compose_rules(conf);
	assert_int_equal(rules_set(rules, "knockers4")->timeout, 5);
	assert_non_null(rules_set(rules, "knockers6"));
	rules_free(rules);

	conf->only_ipv4 = true;
	rules = compose_rules(conf);
	assert_non_null(rules_set(rules, "knockers4"));
	assert_null(rules_set(rules, "knockers6"));
	rules_free(rules);

	conf->scan_guard = 0;
	rules = compose_rules(conf);
	assert_null(rules_set(rules, "knockers4"));
	assert_null(rules_set(rules, "firsts"));
	rules_free(rules);
	confs_free(conf);
}

/* The kernel holds knocks and the packets behind them, also for a single port and without a scan guard. */
static void
held_packets(void **state)
{
	struct conf *conf = confs_new();

	(void)state;
	conf->capture = CONF_CAPTURE_NFQUEUE;
	conf->queue_num = 10;
	conf->only_ipv4 = true;
	conf->unguarded = true;
	confs_door(conf, "1", 0, 0, NULL);
	confs_open(conf, "22,53:udp", "");
	prints(conf,
	       "\tset local_any {\n\t\ttype " PORTS "\n\t\telements = { tcp . 1 }\n\t}\n\n"
	       "\tset open4 {\n\t\ttype ipv4_addr . " PORTS "\n\t\tflags timeout\n\t}\n\n"
	       "\tset open6 {\n\t\ttype ipv6_addr . " PORTS "\n\t\tflags timeout\n\t}\n\n"
	       "\tset firsts {\n\t\ttype " PORTS "\n\t\telements = { tcp . 1 }\n\t}\n\n" KNOCKERS("knockers4",
												  "ipv4_addr", "1s")
	       "\tchain report {\n" MARTIANS
	       "\t\tmeta l4proto . th dport @firsts update @knockers4 { ip saddr }\n"
	       "\t\t" IN_MAIN " queue num 10 bypass\n"
	       "\t\t" VRF_AND IN_VRF " queue num 10 bypass\n"
	       "\t\tqueue num 11 bypass\n\t}\n\n"
	       KNOCKS_VRF(SEEN KNOCK("meta nfproto ipv4 meta l4proto . th dport @local_any", IN_VRF))
	       KNOCKS KNOCK("meta nfproto ipv4 meta l4proto . th dport @local_any", IN_MAIN) "\t}\n\n"
	       "\tchain waiting {\n" MARTIANS "\t\tqueue num 12 bypass\n\t}\n\n"
	       "\tchain strays {\n\t\t" VRF_AND "return\n\t\t" IN_MAIN " goto waiting\n"
	       "\t\t" AT_MEMBER " goto waiting\n\t}\n\n"
	       "\tchain knockers {\n\t\tip saddr @knockers4 goto strays\n\t}\n\n"
	       "\tchain udps {\n"
	       "\t\tip saddr . meta l4proto . th dport @open4 return\n"
	       "\t\tip6 saddr . meta l4proto . th dport @open6 return\n"
	       "\t\tip saddr @knockers4 goto strays\n\t}\n\n" BASE(HITS("1", "tcp", "knocks")
					       "\t\t@th,96,32 & 0x120000 == 0x20000 meta l4proto tcp goto knockers\n"
					       HITS("53", "udp", "udps")));
}

/* The burst is SEQ_MAX; an element expires when its limit would be full again. */
static void
a_rate_for_each_source(void **state)
{
	struct conf *conf = confs_new();

	(void)state;
	conf->source_rate = 10;
	conf->only_ipv4 = true;
	confs_door(conf, "1", 0, 0, NULL);
	prints(conf,
	       "\tset local_any {\n\t\ttype " PORTS "\n\t\telements = { tcp . 1 }\n\t}\n\n" KNOCKERS("rates4", "ipv4_addr",
													"4s")
	       "\tchain report {\n" MARTIANS
	       "\t\tupdate @rates4 { ip saddr limit rate over 10/second burst 32 packets } return\n"
	       TAIL("7777", "") KNOCKS_VRF(SEEN KNOCK("meta nfproto ipv4 meta l4proto . th dport @local_any", IN_VRF))
	       KNOCKS KNOCK("meta nfproto ipv4 meta l4proto . th dport @local_any", IN_MAIN) "\t}\n\n"
	       BASE(HITS("1", "tcp", "knocks")));
}

/* Datagrams of a signed knock's length have a limit of their own. */
static void
a_signed_door(void **state)
{
	struct conf *conf = confs_new();

	(void)state;
	confs_door(conf, "62201:auth", 0, 0, NULL);
	prints(conf, FLOODED("7777", "") "\tchain report {\n" MARTIANS LONG TAIL("7777", "")
	       "\tchain signed {\n" SEEN "\t\t" IN_MAIN " counter goto report\n"
	       "\t\t" VRF_AND IN_VRF " counter goto report\n\t}\n\n"
	       BASE("\t\tudp dport 62201 udp length >= 192 goto signed\n"));
}

static int
has_no_flags(struct nftnl_expr *expr, void *n_updates)
{
	if (strcmp(nftnl_expr_get_str(expr, NFTNL_EXPR_NAME), "dynset"))
		return 0;
	assert_false(nftnl_expr_is_set(expr, NFTNL_EXPR_DYNSET_FLAGS));
	++*(int *)n_updates;
	return 0;
}

/* Linux before 5.11 refuses NFT_DYNSET_F_EXPR, which says that an update has expressions. No kernel needs it. */
static void
older_kernels_know_the_rate(void **state)
{
	struct port_set set = { .name = "rates4", .key = PORT_KEY_SOURCE4, .timeout = 4, .size = 100 };
	struct rules rules = { .rate = 10, .burst = 32, .sets = &set, .n_sets = 1 };
	struct nftnl_rule *rule = nftnl_rule_alloc();
	int n_updates = 0;

	(void)state;
	assert_int_equal(expr_put_term(rule, &rules, &(struct term){ .kind = TERM_TOO_FAST, .set = &set }), 0);
	assert_int_equal(nftnl_expr_foreach(rule, has_no_flags, &n_updates), 0);
	assert_int_equal(n_updates, 1);
	nftnl_rule_free(rule);
}

static void
a_full_disk_is_an_error(void **state)
{
	struct conf *conf = confs_new();
	FILE *out = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(out);
	assert_int_equal(ruleset_print(conf, out), -1);
	fclose(out);
	confs_free(conf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_doors),
		cmocka_unit_test(one_door),
		cmocka_unit_test(targets_interfaces_and_flags),
		cmocka_unit_test(ipv4_alone),
		cmocka_unit_test(many_ports),
		cmocka_unit_test(many_guarded_ports),
		cmocka_unit_test(every_combination_of_flags),
		cmocka_unit_test(a_guard),
		cmocka_unit_test(parts_of_a_guard),
		cmocka_unit_test(every_chain_and_set_is_known),
		cmocka_unit_test(a_scan_guard),
		cmocka_unit_test(strays_of_flags),
		cmocka_unit_test(parts_of_a_scan_guard),
		cmocka_unit_test(held_packets),
		cmocka_unit_test(a_rate_for_each_source),
		cmocka_unit_test(a_signed_door),
		cmocka_unit_test(older_kernels_know_the_rate),
		cmocka_unit_test(a_full_disk_is_an_error),
	};

	return cmocka_run_group_tests_name("ruleset", tests, NULL, NULL);
}
