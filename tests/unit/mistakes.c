/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "conf/parser.h"
#include "lib/text.h"

static void
hear(void *arg, enum conf_severity severity, const char *text)
{
	char *to = arg;
	size_t used = strlen(to);

	if (severity != CONF_DEBUG)
		snprintf(to + used, 4096 - used, "%s\n", text);
}

static void
feed(struct parser *parser, const char *text)
{
	char line[TEXT_LINE_MAX];

	while (*text) {
		size_t len = strcspn(text, "\n");

		memcpy(line, text, len);
		line[len] = '\0';
		parser_line(parser, line);
		text += len + (text[len] == '\n');
	}
}

static void
warns(const char *text, const char *expected)
{
	char heard[4096] = "";
	struct parser *parser = parser_begin("x.conf", hear, heard);
	struct conf *conf;

	feed(parser, text);
	conf = parser_end(parser);
	assert_string_equal(heard, expected);
	assert_non_null(conf);
	conf_free(conf);
}

static void
silent(const char *text)
{
	warns(text, "");
}

#define WARNING(door, text)  "config: section " door ": warning: " text " (x.conf)\n"
#define DOOR(name, sequence) "[" name "]\nsequence = " sequence "\ntcpflags = syn,!ack\ncommand = run %IP%\n"

#define ALSO_SAME(door, other) WARNING(door, "a knock at this door also opens [" other "], whose sequence is the same")
#define ALSO_PART(door, other) \
	WARNING(door, "a knock at this door also opens [" other "], whose sequence is a part of this one")

static void
a_closing_knock_that_opens_again(void **state)
{
	(void)state;
	warns(DOOR("open", "4001") DOOR("close", "9017,8033,4001"), ALSO_PART("close", "open"));
	warns(DOOR("open", "9017,8033,4001") DOOR("close", "9017,8033,4001,4001,8033,9017"),
	      ALSO_PART("close", "open"));
	warns(DOOR("long", "5,9017,8033,4001,6") DOOR("short", "9017,8033,4001"), ALSO_PART("long", "short"));
	silent(DOOR("open", "9017,8033,4001") DOOR("close", "4001,8033,9017"));
	silent(DOOR("open", "9017,4001") DOOR("other", "9017,8033,4001"));
	silent(DOOR("udp", "9017:udp,4001:udp") DOOR("tcp", "9017,4001,8033"));
}

/* The matcher takes the third hit for a new beginning, so the shorter one does not complete. */
static void
a_part_that_the_matcher_does_not_find(void **state)
{
	(void)state;
	silent(DOOR("short", "9,9,4") DOOR("long", "9,9,9,4"));
	warns(DOOR("short", "9,4") DOOR("long", "9,9,4"), ALSO_PART("long", "short"));
}

static void
equal_sequences(void **state)
{
	(void)state;
	warns(DOOR("a", "9017,4001") DOOR("b", "9017,4001") DOOR("c", "9017,4001"),
	      ALSO_SAME("b", "a") ALSO_SAME("c", "a"));
	silent("[syn]\nsequence = 9017,4001\ntcpflags = syn\ncommand = a\n"
	       "[fin]\nsequence = 9017,4001\ntcpflags = fin,!syn\ncommand = b\n");
	warns("[syn]\nsequence = 9017:udp,4001:udp\ntcpflags = syn\ncommand = a\n"
	      "[fin]\nsequence = 9017:udp,4001:udp\ntcpflags = fin,!syn\ncommand = b\n",
	      ALSO_SAME("fin", "syn"));
	silent(DOOR("here", "9017,4001") DOOR("there", "9017,4001") "target = 192.0.2.7\n");
	warns(DOOR("a", "9017,4001") "target = 192.0.2.7\n" DOOR("b", "9017,4001") "target = 192.0.2.7\n",
	      ALSO_SAME("b", "a"));
}

#define SCAN(door) WARNING(door, "a scan of all ports in ascending order completes the sequence: use another order")

static void
what_a_scan_completes(void **state)
{
	(void)state;
	warns(DOOR("a", "4000,4001,4002"), SCAN("a"));
	warns(DOOR("a", "4000,4004,4009"), SCAN("a")); /* seven other ports */
	silent(DOOR("a", "4000,4004,4010"));           /* the eighth ends the attempt */
	warns("[options]\nScan_Guard = 0\n" DOOR("a", "4000,44000,65535"), SCAN("a"));
	silent("[options]\nScan_Guard = 1\n" DOOR("a", "4000,4002"));
	warns("[options]\nScan_Guard = 1\n" DOOR("a", "4000,4001"), SCAN("a"));
	silent(DOOR("a", "4000,4002,4001"));
	silent(DOOR("a", "4000,4000"));
	silent(DOOR("a", "4000"));
	silent(DOOR("a", "4000,4001:udp,4002"));
	warns(DOOR("a", "4000:udp,4001:udp"), SCAN("a"));
	silent(DOOR("a", "4000,4003") DOOR("b", "7021,4002")); /* the scan hits b's port in between */
	warns(DOOR("a", "4000,4003") DOOR("b", "7021:udp,4002:udp"), SCAN("a"));
}

#define EXAMPLE(door) WARNING(door, "the sequence is one of the examples, which everybody knows")

static void
sequences_that_everybody_knows(void **state)
{
	(void)state;
	warns(DOOR("openSSH", "7000,8000,9000"), EXAMPLE("openSSH"));
	warns(DOOR("openSSH", "2222:UDP, 3333, 4444:udp"), EXAMPLE("openSSH"));
	silent(DOOR("openSSH", "7000,8000,9001"));
}

static void
keys_without_effect(void **state)
{
	(void)state;
	warns("[a]\nsequence = 9,4\n",
	      WARNING("a", "the door does nothing: it has no open, grant, close, revoke or command"));
	silent("[decoy]\nsequence = 9,4\ngrant =\n");
	warns("[a]\nsequence = 9,4\ncommand = run\ncmd_timeout = 5\n",
	      WARNING("a", "cmd_timeout has no effect without stop_command"));
	silent("[a]\nsequence = 9,4\ncommand = run\nstop_command_6 = end\ncmd_timeout = 5\n");
	warns("[a]\nsequence = 9,4\nopen = 22\ntotp_tries = 5\n",
	      WARNING("a", "totp_tries has no effect without a code (:totp) at the end of the sequence"));
	warns("[a]\nsequence = 9,4\ncommand = run\ncut = yes\n",
	      WARNING("a", "cut has no effect without open or grant"));
	warns("[a]\nsequence = 9,4\ngrant = \ncut = yes\n", WARNING("a", "cut has no effect without open or grant"));
	silent("[a]\nsequence = 9,4\nopen = 22\ncut = yes\n");
	silent("[a]\nsequence = 9,4\ncommand = run\ncut = no\n");
	silent("[options]\ntotp_secrets = /s\n[a]\nsequence = 9,20000:totp\nopen = 22\ntotp_tries = 5\n");
}

static void
addresses_that_are_none(void **state)
{
	(void)state;
	warns("[a]\nsequence = 9,4\ncommand = run %ip%\n",
	      "config: line 3: warning: start_command: only %IP% in capital letters stands for the client's address "
	      "(x.conf)\n");
	warns("[a]\nsequence = 9,4\ncommand = run %IP -x\n",
	      "config: line 3: warning: start_command: %IP without a second % is not the client's address (x.conf)\n");
	warns("[a]\nsequence = 9,4\ngrant = inet filter ok { %Ip% }\n",
	      "config: line 3: warning: grant: only %IP% in capital letters stands for the client's address "
	      "(x.conf)\n");
	silent("[a]\nsequence = 9,4\ncommand = date +%H%IP% %IPv6 %iproute\n");
}

static void
flags_that_contradict(void **state)
{
	(void)state;
	warns("[a]\nsequence = 9,4\ntcpflags = syn,ack,!syn\ncommand = run\n",
	      "config: line 3: warning: SYN was given before, without \"!\": this one replaces it, in [a] (x.conf)\n");
	warns("[a]\nsequence = 9,4\ntcpflags = !ack\ntcpflags = ack\ncommand = run\n",
	      "config: line 4: warning: ACK was given before, with \"!\": this one replaces it, in [a] (x.conf)\n");
	silent("[a]\nsequence = 9,4\ntcpflags = syn,syn,!ack\ncommand = run\n");
}

#define ANSWERS                                                                                            \
	"programs of this machine use the first port of the sequence for connections to others, too, and " \
	"the answers begin a knock: use a port outside net.ipv4.ip_local_port_range"

static void
first_ports_of_answers(void **state)
{
	(void)state;
	warns("[a]\nsequence = 40001,4\ntcpflags = syn\ncommand = run\n",
	      WARNING("a", ANSWERS ", or tcpflags = syn,!ack"));
	warns("[a]\nsequence = 40001:udp,4\ntcpflags = syn,!ack\ncommand = run\n", WARNING("a", ANSWERS));
	silent("[a]\nsequence = 40001,4\ntcpflags = syn,!ack\ncommand = run\n");
	silent("[a]\nsequence = 4,40001:udp\ntcpflags = syn\ncommand = run\n");
	silent("[a]\nsequence = 32767\ncommand = run\n");
}

/* Many doors: if each pair of them were compared, this would not end. */
static void
many_doors(void **state)
{
	const int doors = 60000 / slowness();
	char heard[4096] = "", text[128];
	struct parser *parser = parser_begin("x.conf", hear, heard);
	struct conf *conf;

	(void)state;
	for (int i = 0; i < doors; i++) {
		snprintf(text, sizeof(text), "[d%d]\nsequence = 9,%d:udp,%d\ntcpflags = syn,!ack\ncommand = run\n", i,
			 i + 100, 65000 - i);
		feed(parser, text);
	}
	conf = parser_end(parser);
	assert_string_equal(heard, "");
	conf_free(conf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_closing_knock_that_opens_again),
		cmocka_unit_test(a_part_that_the_matcher_does_not_find),
		cmocka_unit_test(equal_sequences),
		cmocka_unit_test(what_a_scan_completes),
		cmocka_unit_test(sequences_that_everybody_knows),
		cmocka_unit_test(keys_without_effect),
		cmocka_unit_test(addresses_that_are_none),
		cmocka_unit_test(flags_that_contradict),
		cmocka_unit_test(first_ports_of_answers),
		cmocka_unit_test(many_doors),
	};

	return cmocka_run_group_tests_name("mistakes", tests, NULL, NULL);
}
