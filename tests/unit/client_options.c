/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "knock/client_options.h"

#define WORDS 16

static struct client_options options;
static char err[256];

/* Splits a command line at blanks and parses it; getopt's own complaints are not wanted here. */
static enum client_action
parse(const char *line)
{
	static char copy[256], *argv[WORDS + 1]; /* options.words points into both */
	char *rest = copy, *word;
	int argc = 0, saved = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY);
	enum client_action action;

	client_options_free(&options);
	snprintf(copy, sizeof(copy), "knock %s", line);
	while (argc < WORDS && (word = strsep(&rest, " ")))
		argv[argc++] = word;
	argv[argc] = NULL;
	*err = '\0';
	dup2(null, STDERR_FILENO);
	action = client_options_parse(&options, argc, argv, err, sizeof(err));
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(null);
	return action;
}

static void
knocks(const char *line, const char *host, const char *words)
{
	char text[256] = "";

	assert_int_equal(parse(line), CLIENT_KNOCK);
	assert_string_equal(options.host, host);
	for (size_t i = 0; i < options.n_words; i++) {
		strcat(text, i ? " " : "");
		strcat(text, options.words[i]);
	}
	assert_string_equal(text, words);
}

static void
stops(const char *line, const char *expected)
{
	assert_int_equal(parse(line), CLIENT_STOP);
	assert_string_equal(err, expected);
}

static void
options_stand_anywhere(void **state)
{
	(void)state;
	knocks("host 1 2 3 -v -d 500", "host", "1 2 3");
	assert_true(options.verbose);
	assert_int_equal(options.delay, 500);
	knocks("host -d 100 1 2", "host", "1 2");
	knocks("-vd15 host 1:tcp 2:udp", "host", "1:tcp 2:udp");
	assert_true(options.verbose);
	assert_int_equal(options.delay, 15);
	knocks("-u -v host 1", "host", "1");
	assert_true(options.udp);
}

static void
long_options_may_be_abbreviated(void **state)
{
	(void)state;
	knocks("--ud --del=7 --verb host 1", "host", "1");
	assert_true(options.udp && options.verbose);
	assert_int_equal(options.delay, 7);
	assert_int_equal(parse("--h"), CLIENT_HELP);
	assert_int_equal(parse("--vers"), CLIENT_VERSION);
	assert_int_equal(parse("--ver host 1"), CLIENT_ERROR); /* ambiguous, as in 0.8 */
	assert_int_equal(parse("--ip host 1"), CLIENT_ERROR);
}

static void
the_last_family_wins(void **state)
{
	(void)state;
	knocks("-4 -6 host 1", "host", "1");
	assert_int_equal(options.family, NET_IPV6);
	knocks("-6 --ipv4 host 1", "host", "1");
	assert_int_equal(options.family, NET_IPV4);
	knocks("-6 --both host 1", "host", "1");
	assert_int_equal(options.family, NET_BOTH);
}

static void
delays(void **state)
{
	(void)state;
	knocks("host 1", "host", "1");
	assert_int_equal(options.delay, -1);
	knocks("-d abc host 1", "host", "1");
	assert_int_equal(options.delay, 0);
	stops("-d -1 host 1", "error: delay cannot be negative");
}

static void
timeouts(void **state)
{
	(void)state;
	knocks("host 1 --wait 22", "host", "1");
	assert_string_equal(options.wait, "22");
	assert_int_equal(options.timeout, -1);
	knocks("host 1 --timeout 0.25", "host", "1");
	assert_int_equal(options.timeout, 250);
	knocks("host 1 --timeout 90", "host", "1");
	assert_int_equal(options.timeout, 90000);
	knocks("host 1 --timeout 3s", "host", "1");
	assert_int_equal(options.timeout, 3000);
	knocks("host 1 --timeout 1m30s500ms", "host", "1");
	assert_int_equal(options.timeout, 90500);
	knocks("host 1 --timeout 24h", "host", "1");
	assert_int_equal(options.timeout, 86400000);
	knocks("host 1 --timeout 1.001", "host", "1");
	assert_int_equal(options.timeout, 1001);
	knocks("host 1 --timeout 0.3", "host", "1");
	assert_int_equal(options.timeout, 300);
	stops("host 1 --timeout 0", "error: timeout 0 is invalid (seconds or a time such as 2m, at most 24h)");
	stops("host 1 --timeout -1", "error: timeout -1 is invalid (seconds or a time such as 2m, at most 24h)");
	stops("host 1 --timeout 5x", "error: timeout 5x is invalid (seconds or a time such as 2m, at most 24h)");
	stops("host 1 --timeout 0.5s", "error: timeout 0.5s is invalid (seconds or a time such as 2m, at most 24h)");
	stops("host 1 --timeout 25h", "error: timeout 25h is invalid (seconds or a time such as 2m, at most 24h)");
	stops("host 1 --timeout 86401", "error: timeout 86401 is invalid (seconds or a time such as 2m, at most 24h)");
	stops("host 1 --timeout nan", "error: timeout nan is invalid (seconds or a time such as 2m, at most 24h)");
	stops("host 1 --timeout 1e9", "error: timeout 1e9 is invalid (seconds or a time such as 2m, at most 24h)");
}

static void
one_word_is_a_profile(void **state)
{
	(void)state;
	assert_int_equal(parse("home"), CLIENT_KNOCK);
	assert_string_equal(options.profile, "home");
	assert_true(options.bare);
	assert_null(options.host);
	assert_int_equal(parse("--profile home --proxy 22"), CLIENT_KNOCK);
	assert_string_equal(options.profile, "home");
	assert_string_equal(options.proxy, "22");
	assert_false(options.bare);
	stops("--profile home host 1", "error: unexpected word \"host\": --profile sets host and ports");
	assert_int_equal(parse("-v"), CLIENT_HELP);
	assert_int_equal(parse("--list"), CLIENT_LIST);
}

static void
commands(void **state)
{
	(void)state;
	knocks("host 1 2 -v -- ssh -v host", "host", "1 2");
	assert_string_equal(options.command[0], "ssh");
	assert_string_equal(options.command[1], "-v");
	assert_string_equal(options.command[2], "host");
	assert_null(options.command[3]);
	assert_int_equal(parse("home -- ls"), CLIENT_KNOCK);
	assert_string_equal(options.profile, "home");
	assert_string_equal(options.command[0], "ls");
	assert_int_equal(parse("--profile home -- ls"), CLIENT_KNOCK);
	assert_string_equal(options.command[0], "ls");
	knocks("host 1 --", "host", "1");
	assert_null(options.command);
}

static void
a_leading_dash_dash_only_ends_the_options(void **state)
{
	(void)state;
	knocks("-v -- host 1 -2", "host", "1 -2");
	assert_null(options.command);
	knocks("-- host 1 -- ls -l", "host", "1");
	assert_string_equal(options.command[0], "ls");
}

static void
options_that_exclude_each_other(void **state)
{
	(void)state;
	stops("host 1 --proxy 22 -- ls", "error: --proxy cannot be combined with a command");
	stops("host 1 --proxy 22 --wait 22",
	      "error: --proxy cannot be combined with --wait: it waits for its own port");
	stops("host 1 -s 1.2.3.4 --both", "error: --source cannot be combined with --both: it is of one family");
}

static void
unknown_options_show_the_usage(void **state)
{
	(void)state;
	assert_int_equal(parse("-x host 1"), CLIENT_ERROR);
	assert_int_equal(parse("--nonsense"), CLIENT_ERROR);
	assert_int_equal(parse("host 1 -d"), CLIENT_ERROR);
	assert_int_equal(parse("-h"), CLIENT_HELP);
	client_options_free(&options);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_stand_anywhere),
		cmocka_unit_test(long_options_may_be_abbreviated),
		cmocka_unit_test(the_last_family_wins),
		cmocka_unit_test(delays),
		cmocka_unit_test(timeouts),
		cmocka_unit_test(one_word_is_a_profile),
		cmocka_unit_test(commands),
		cmocka_unit_test(a_leading_dash_dash_only_ends_the_options),
		cmocka_unit_test(options_that_exclude_each_other),
		cmocka_unit_test(unknown_options_show_the_usage),
	};

	return cmocka_run_group_tests_name("client_options", tests, NULL, NULL);
}
