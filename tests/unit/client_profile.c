/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "knock/profile.h"

static char reports[1024];
static struct profiles profiles;

static void
collect(void *arg, const char *text)
{
	size_t used = strlen(reports);

	(void)arg;
	snprintf(reports + used, sizeof(reports) - used, "%s\n", text);
}

static unsigned
parse(const char *text)
{
	struct profile_parser parser = { .path = "config", .report = collect };
	char copy[1024], *rest = copy, *line;

	profiles_free(&profiles);
	*reports = '\0';
	snprintf(copy, sizeof(copy), "%s", text);
	while ((line = strsep(&rest, "\n")))
		profile_line(&parser, line);
	profile_end(&parser);
	profiles = parser.profiles;
	return parser.errors;
}

static void
good(const char *text)
{
	if (parse(text))
		fail_msg("%s", reports);
}

static void
bad(const char *text, const char *expected)
{
	assert_true(parse(text) > 0);
	assert_string_equal(reports, expected);
	assert_null(strstr(reports, "7777")); /* every bad text contains this secret */
}

static void
a_byte_order_mark(void **state)
{
	(void)state;
	good("\xef\xbb\xbf[home]\nhost = h\nsequence = 1\n");
	assert_non_null(profiles_find(&profiles, "home"));
}

static void
a_profile_can_have_every_key(void **state)
{
	const struct profile *home;
	char seq[SEQ_STRLEN];

	(void)state;
	good("# mine\n[home]\n host = server.example.com\n Sequence = 7000, 8000:udp\n delay=50\n wait = 22:tcp\n"
	     "timeout = 2.5\nBoth = yes\n"
	     "[two words]\nsource = fe80::1%lo\nHOST=192.0.2.1\none_time_sequences = two.seq\r\n");
	assert_int_equal(profiles.n, 2);
	home = profiles_find(&profiles, "home");
	assert_string_equal(home->host, "server.example.com");
	assert_string_equal(seq_format(&home->seq, seq, sizeof(seq)), "7000:tcp,8000:udp");
	assert_int_equal(home->delay, 50);
	assert_string_equal(home->wait, "22:tcp");
	assert_int_equal(home->timeout, 2500);
	assert_true(home->both);
	assert_null(home->source);
	home = profiles_find(&profiles, "two words");
	assert_string_equal(home->one_time, "two.seq");
	assert_int_equal(home->delay, -1);
	assert_null(home->wait);
	assert_int_equal(home->timeout, -1);
	assert_false(home->both);
	assert_string_equal(home->source, "fe80::1%lo");
	assert_null(profiles_find(&profiles, "Home"));
}

static void
errors_name_the_line_and_no_port(void **state)
{
	(void)state;
	bad("host = x 7777", "config: line 1: key before the first [profile]\n");
	bad("[a]\nhost = x\nsequence = 7777,70000", "config: line 3: not a sequence of at most 32 ports, each from 1 "
						    "to 65535 with :tcp, :udp or nothing, the last also with :totp\n");
	bad("[a]\nhost = x\nsequence = 1\n7777,8000", "config: line 4: neither [profile] nor key = value\n");
	bad("[a]\nhost = x\nsequence = 1\n7777 = 8000", "config: line 4: unknown key (known keys: host, sequence, "
							"one_time_sequences, delay, wait, timeout, both, source, "
							"server, door, key, totp)\n");
	bad("[a]\nhost =\nsequence = 7777", "config: line 2: empty host\n");
	bad("[a]\nhost = x\nsequence = 7777\none_time_sequences = f",
	    "config: line 1: profile \"a\" has both sequence and one_time_sequences\n");
	bad("[a]\nhost = x\nsequence = 7777\ndelay = -1", "config: line 4: delay is not a number of milliseconds\n");
	bad("[a]\nhost = x\nsequence = 7777\nwait = 70000", "config: line 4: wait is not PORT[:PROTO]\n");
	bad("[a]\nhost = x\nsequence = 7777\ntimeout = soon",
	    "config: line 4: timeout is not a number of seconds or a time such as 2m, at most 24h\n");
	bad("[a]\nhost = x\nsequence = 7777\nboth = 2", "config: line 4: both is not yes or no\n");
	bad("[a]\nhost = x\nsequence = 7777\nsource = eth0", "config: line 4: source is not an IPv4 or IPv6 address\n");
	bad("[a]\nhost = x\nsequence = 7777\nboth = on\nsource = ::1",
	    "config: line 1: profile \"a\" has both = yes and source, which is of one family\n");
	bad("[a]\nhost = x\nsequence = 7777\n[a]\nhost = y\nsequence = 2", "config: line 4: duplicate profile \"a\"\n");
}

/* The hints of knockd.conf. */
static void
mistakes_that_one_does_not_see(void **state)
{
	(void)state;
	bad("[a] # note\nhost = x\nsequence = 1",
	    "config: line 1: nothing may follow the ] of a profile: a comment needs a line of its own\n");
	bad("[a] # see [b]\nhost = x\nsequence = 1",
	    "config: line 1: nothing may follow the ] of a profile: a comment needs a line of its own\n");
	bad("[a\nhost = x\nsequence = 1", "config: line 1: the ] of a profile is missing\n");
	bad("\xc2\xa0[a]\nhost = x\nsequence = 1", "config: line 1: not a [profile]: U+00A0 is not a blank\n");
	bad("[a]\nhost = x # home\nsequence = 1", "config: line 2: host is not a name or an address: a comment needs a "
						  "line of its own\n");
	bad("[a]\nhost = 'x'\nsequence = 1", "config: line 2: host is not a name or an address: quotes are part of the "
					     "value\n");
	bad("[a]\nhost = x\nsequence = 1\ndelay = 5 # ms",
	    "config: line 4: delay is not a number of milliseconds: a comment needs a line of its own\n");
	bad("[a]\nhost = x\nsequence = 1\n; note",
	    "config: line 4: neither [profile] nor key = value: a comment begins with #\n");
	bad("[a]\nhost = x\nsequence = 1\ninclude = y",
	    "config: line 4: neither [profile] nor key = value: one file cannot include another\n");
	bad("[a]\nhost = x\n\xc2\xa0sequence = 1",
	    "config: line 3: unknown key (known keys: host, sequence, one_time_sequences, delay, wait, timeout, both, "
	    "source, server, door, key, totp): U+00A0 is not a blank\n");
	bad("[a]\nhost = x # home\nwait = 1\n[b]\nhost = y\n",
	    "config: line 2: host is not a name or an address: a comment needs a line of its own\n"
	    "config: line 4: profile \"b\" has no sequence\n");
	good("[a]\nhost = b\xc3\xbc"
	     "cher.example\nsequence = 1\n");
}

static void
the_file_is_looked_for_where_xdg_says(void **state)
{
	char path[64], small[8];

	(void)state;
	setenv("HOME", "/home/u", 1);
	unsetenv("XDG_CONFIG_HOME");
	assert_int_equal(profiles_path(path, sizeof(path)), 0);
	assert_string_equal(path, "/home/u/.config/knock/config");
	setenv("XDG_CONFIG_HOME", "relative", 1);
	assert_int_equal(profiles_path(path, sizeof(path)), 0);
	assert_string_equal(path, "/home/u/.config/knock/config");
	setenv("XDG_CONFIG_HOME", "/xdg", 1);
	assert_int_equal(profiles_path(path, sizeof(path)), 0);
	assert_string_equal(path, "/xdg/knock/config");
	assert_int_equal(profiles_path(small, sizeof(small)), -1);
}

static void
one_time_files_are_relative_to_the_profiles(void **state)
{
	char path[64], name[32];
	struct profile profile = { .one_time = name };
	static const char *const cases[][2] = {
		{ "home.seq", "/c/knock/home.seq" },
		{ "/etc/seq", "/etc/seq" },
		{ "~/seq", "/home/u/seq" },
	};

	(void)state;
	setenv("HOME", "/home/u", 1);
	for (size_t i = 0; i < 3; i++) {
		strcpy(name, cases[i][0]);
		assert_int_equal(profile_expand(profile.one_time, "/c/knock/config", path, sizeof(path)), 0);
		assert_string_equal(path, cases[i][1]);
	}
}

static void
load(const char *path, int expected, const char *report)
{
	profiles_free(&profiles);
	*reports = '\0';
	assert_int_equal(profiles_load(&profiles, path, collect, NULL), expected);
	if (!strstr(reports, report))
		fail_msg("\"%s\" is not in \"%s\"", report, reports);
}

static void
a_file_open_to_others_is_refused(void **state)
{
	char path[] = "/tmp/profile.XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	dprintf(fd, "[home]\nhost = x\nsequence = 7000\n");
	load(path, 0, "");
	assert_int_equal(profiles.n, 1);
	fchmod(fd, 0640);
	load(path, -1, "is accessible to other users");
	fchmod(fd, 0604);
	load(path, -1, "is accessible to other users");
	fchmod(fd, 0620);
	load(path, -1, "is accessible to other users");
	fchmod(fd, 0600);
	if (geteuid() == 0 && fchown(fd, 65534, 65534) == 0)
		load(path, -1, "belongs to another user");
	close(fd);
	unlink(path);
	load(path, -1, "No such file or directory");
	load("/dev/null", -1, "is not a regular file");
	load("/", -1, "is not a regular file");
	profiles_free(&profiles);
}

/* A sequence may be cut in two there, and the lines below may belong to another profile. */
static void
a_byte_that_ends_a_text_is_an_error(void **state)
{
	static const char text[] = "[home]\nhost = x\nsequence = 7000\0,8000\n[other]\n";
	char path[] = "/tmp/profile.XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
	close(fd);
	load(path, -1, "line 3: contains a NUL byte\n");
	assert_null(strstr(reports, "other"));
	unlink(path);
	profiles_free(&profiles);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_byte_order_mark),
		cmocka_unit_test(a_profile_can_have_every_key),
		cmocka_unit_test(errors_name_the_line_and_no_port),
		cmocka_unit_test(mistakes_that_one_does_not_see),
		cmocka_unit_test(the_file_is_looked_for_where_xdg_says),
		cmocka_unit_test(one_time_files_are_relative_to_the_profiles),
		cmocka_unit_test(a_file_open_to_others_is_refused),
		cmocka_unit_test(a_byte_that_ends_a_text_is_an_error),
	};

	return cmocka_run_group_tests_name("client_profile", tests, NULL, NULL);
}
