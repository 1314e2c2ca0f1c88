/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "test.h"

#include <stdio.h>
#include <string.h>

#include "access/remembered.h"
#include "conf/parser.h"
#include "lib/text.h"

static struct conf *conf;

static void
hear(void *arg, enum conf_severity severity, const char *text)
{
	(void)arg;
	if (severity == CONF_ERROR)
		fprintf(stderr, "%s\n", text);
}

static int
set_up(void **state)
{
	static const char text[] = "[options]\nmax_prefix = 24,64\nban_set = inet f banned { %IP% }\n"
				   "[a]\nsequence = 1\ncommand = true\nstop_command = close %IP% %IP%\n"
				   "[b]\nsequence = 2\ncommand = true\nstop_command = close %IP% %IP%\n"
				   "stop_command_6 = close6 %IP%\ngrant = inet f ok { %IP%/24 . tcp . 22 timeout 1h }\n"
				   "revoke = inet f old { %IP% }\nopen = 22\n"
				   "[a]\nsequence = 3\ngrant = ip f m { %IP% : accept }\ngrant_6 =\n";
	struct parser *parser = parser_begin("x.conf", hear, NULL);
	char copy[sizeof(text)], *rest = strcpy(copy, text), *line;

	(void)state;
	while ((line = strsep(&rest, "\n")))
		parser_line(parser, line);
	conf = parser_end(parser);
	return conf ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	conf_free(conf);
	return 0;
}

/* The number of the door, -1: none. */
static int
door_of(enum journal_kind kind, const char *name, const char *ip, const char *text)
{
	char door[256], copy[5000];
	struct journal_entry entry = { .kind = kind, .door = strcpy(door, name), .text = strcpy(copy, text) };
	const struct door *found;

	assert_int_equal(addr_parse(&entry.ip, ip), 0);
	found = remembered_door(conf, &entry);
	return found ? (int)(found - conf->doors) : -1;
}

static void
a_stop_command_is_a_doors_or_none(void **state)
{
	(void)state;
	assert_int_equal(door_of(JOURNAL_COMMAND, "a", "192.0.2.1", "close 192.0.2.1 192.0.2.1"), 0);
	assert_int_equal(door_of(JOURNAL_COMMAND, "b", "192.0.2.1", "close 192.0.2.1 192.0.2.1"), 1);
	assert_int_equal(door_of(JOURNAL_COMMAND, "renamed", "192.0.2.1", "close 192.0.2.1 192.0.2.1"), 0);
	assert_int_equal(door_of(JOURNAL_COMMAND, "b", "2001:db8::1", "close6 2001:db8::1"), 1);
	assert_int_equal(door_of(JOURNAL_COMMAND, "a", "2001:db8::1", "close 2001:db8::1 2001:db8::1"), 0);
	/* of another address, of another family, with something behind it, before it is expanded, none at all */
	assert_int_equal(door_of(JOURNAL_COMMAND, "a", "192.0.2.2", "close 192.0.2.1 192.0.2.1"), -1);
	assert_int_equal(door_of(JOURNAL_COMMAND, "b", "192.0.2.1", "close6 192.0.2.1"), -1);
	assert_int_equal(door_of(JOURNAL_COMMAND, "a", "192.0.2.1", "close 192.0.2.1 192.0.2.1; id"), -1);
	assert_int_equal(door_of(JOURNAL_COMMAND, "a", "192.0.2.1", "close %IP% %IP%"), -1);
	assert_int_equal(door_of(JOURNAL_COMMAND, "a", "192.0.2.1", ""), -1);
	assert_int_equal(door_of(JOURNAL_COMMAND, "a", "192.0.2.1", "true"), -1);
}

static void
an_element_is_a_doors_or_none(void **state)
{
	(void)state;
	assert_int_equal(door_of(JOURNAL_GRANT, "b", "192.0.2.1", "inet f ok { %IP%/24 . tcp . 22 timeout 9d }"), 1);
	assert_int_equal(door_of(JOURNAL_GRANT, "b", "192.0.2.1", "inet f ok { %IP%/24 . tcp . 22 }"), 1);
	assert_int_equal(door_of(JOURNAL_GRANT, "b", "192.0.2.1", "inet knockd open4 { %IP% . tcp . 22 }"), 1);
	assert_int_equal(door_of(JOURNAL_GRANT, "b", "2001:db8::1", "inet knockd open6 { %IP% . tcp . 22 }"), 1);
	assert_int_equal(door_of(JOURNAL_GRANT, "a", "192.0.2.1", "ip f m { %IP% : accept }"), 2);
	/* other set, table, family, key, value, address family */
	assert_int_equal(door_of(JOURNAL_GRANT, "b", "192.0.2.1", "inet f all { %IP%/24 . tcp . 22 }"), -1);
	assert_int_equal(door_of(JOURNAL_GRANT, "b", "192.0.2.1", "inet g ok { %IP%/24 . tcp . 22 }"), -1);
	assert_int_equal(door_of(JOURNAL_GRANT, "b", "192.0.2.1", "ip f ok { %IP%/24 . tcp . 22 }"), -1);
	assert_int_equal(door_of(JOURNAL_GRANT, "b", "192.0.2.1", "inet f ok { %IP%/24 . tcp . 23 }"), -1);
	assert_int_equal(door_of(JOURNAL_GRANT, "b", "192.0.2.1", "inet f ok { 0.0.0.0/0 . tcp . 22 }"), -1);
	assert_int_equal(door_of(JOURNAL_GRANT, "b", "192.0.2.1", "inet f ok { %IP%/24 . tcp }"), -1);
	assert_int_equal(door_of(JOURNAL_GRANT, "a", "192.0.2.1", "ip f m { %IP% : drop }"), -1);
	assert_int_equal(door_of(JOURNAL_GRANT, "a", "192.0.2.1", "ip f m { %IP% }"), -1);
	assert_int_equal(door_of(JOURNAL_GRANT, "a", "2001:db8::1", "ip f m { %IP% : accept }"), -1);
	assert_int_equal(door_of(JOURNAL_GRANT, "b", "2001:db8::1", "inet knockd open4 { %IP% . tcp . 22 }"), -1);
	/* what a door takes away it does not give */
	assert_int_equal(door_of(JOURNAL_GRANT, "b", "192.0.2.1", "inet f old { %IP% }"), -1);
	assert_int_equal(door_of(JOURNAL_GRANT, "b", "192.0.2.1", "inet f ok {"), -1);
}

static bool
may_end(const char *name, const char *ip, const char *text)
{
	char door[32], copy[256];
	struct journal_entry entry = { .kind = JOURNAL_GRANT, .door = strcpy(door, name), .text = strcpy(copy, text) };

	assert_int_equal(addr_parse(&entry.ip, ip), 0);
	return remembered_may_end(conf, &entry);
}

/* Elements of doors that are gone. A ban is an element with a comment, too, and an element may have none. */
static void
what_no_door_grants_may_end(void **state)
{
	(void)state;
	assert_true(may_end("gone", "192.0.2.1", "inet f gone { %IP% timeout 1h }"));
	assert_true(may_end("a", "2001:db8::1", "inet f ok { %IP%/64 . tcp . 22 }"));
	assert_false(may_end("scan", "192.0.2.1", "inet f banned { %IP% }"));
	assert_false(may_end("", "192.0.2.1", "inet f gone { %IP% }"));
	assert_false(may_end("gone", "0.0.0.0", "inet f gone { %IP% }"));
	assert_false(may_end("gone", "192.0.2.1", "inet f gone"));
}

static bool
is_granted(const char *text, enum conf_family family)
{
	struct element element;
	char err[160];
	bool granted;

	assert_int_equal(element_parse(&element, text, err, sizeof(err)), 0);
	granted = remembered_is_granted(conf, &element, family);
	element_free(&element);
	return granted;
}

static void
elements_are_granted_to_a_family(void **state)
{
	(void)state;
	assert_true(is_granted("inet f ok { %IP%/24 . tcp . 22 timeout 9h }", CONF_V4));
	assert_false(is_granted("inet f ok { %IP%/24 . tcp . 22 timeout 9h }", CONF_V6)); /* Max_Prefix */
	assert_false(is_granted("inet f ok { %IP%/24 . tcp . 23 }", CONF_V4));
	assert_true(is_granted("ip f m { %IP% : accept }", CONF_V4));
	assert_false(is_granted("ip f m { %IP% : accept }", CONF_V6));
	assert_false(is_granted("inet f old { %IP% }", CONF_V4));
	assert_true(is_granted("inet knockd open6 { %IP% . tcp . 22 }", CONF_V6));
}

/* Nobody has granted that. */
static void
no_element_is_for_an_address_that_no_host_has(void **state)
{
	(void)state;
	assert_int_equal(door_of(JOURNAL_GRANT, "a", "192.0.2.1", "ip f m { %IP% : accept }"), 2);
	assert_int_equal(door_of(JOURNAL_GRANT, "a", "0.0.0.0", "ip f m { %IP% : accept }"), -1);
	assert_int_equal(door_of(JOURNAL_GRANT, "a", "224.0.0.1", "ip f m { %IP% : accept }"), -1);
}

/* The plain key serves IPv6 clients, too, and /24 of their address is wider than Max_Prefix. */
static void
no_prefix_is_wider_than_max_prefix(void **state)
{
	(void)state;
	assert_int_equal(door_of(JOURNAL_GRANT, "b", "2001:db8::1", "inet f ok { %IP%/24 . tcp . 22 }"), -1);
	assert_int_equal(door_of(JOURNAL_GRANT, "b", "192.0.2.1", "inet f ok { %IP%/8 . tcp . 22 }"), -1);
}

static void
a_refusal_is_one_printable_line(void **state)
{
	char door[] = "x\ny", text[] = "rm -rf /\n\033[2J", line[1024];
	struct journal_entry entry = { .kind = JOURNAL_COMMAND, .door = door, .text = text };

	(void)state;
	assert_int_equal(addr_parse(&entry.ip, "192.0.2.1"), 0);
	remembered_refusal(&entry, line, sizeof(line));
	assert_null(strpbrk(line, "\n\033"));
	assert_non_null(strstr(line, "192.0.2.1: x"));
	assert_non_null(strstr(line, "it does not run: rm -rf /"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stop_command_is_a_doors_or_none),
		cmocka_unit_test(an_element_is_a_doors_or_none),
		cmocka_unit_test(what_no_door_grants_may_end),
		cmocka_unit_test(elements_are_granted_to_a_family),
		cmocka_unit_test(no_element_is_for_an_address_that_no_host_has),
		cmocka_unit_test(no_prefix_is_wider_than_max_prefix),
		cmocka_unit_test(a_refusal_is_one_printable_line),
	};

	return cmocka_run_group_tests_name("remembered", tests, set_up, tear_down);
}
