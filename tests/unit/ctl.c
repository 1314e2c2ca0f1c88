/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "knockctl/ctl_options.h"
#include "knockctl/ctl_show.h"
#include "knockctl/ctl_stats.h"
#include "knockctl/ctl_table.h"

/* ---- the command line -------------------------------------------------------------------------- */

static struct ctl_options options;
static char line[REQUEST_LINE_MAX], err[256];

/* The request for these words, which contain no blanks; or NULL. */
static const char *
request(const char *text)
{
	static char copy[256], *argv[16]; /* options points into both */
	char *rest = copy;
	int argc = 0;

	snprintf(copy, sizeof(copy), "knockctl %s", text);
	while ((argv[argc] = strsep(&rest, " ")))
		argc++;
	if (ctl_options_parse(&options, argc, argv, err, sizeof(err)) != CTL_ASK)
		return NULL;
	request_format(line, sizeof(line), options.words, options.n_words);
	return line;
}

static void
options_stand_anywhere(void **state)
{
	(void)state;
	assert_string_equal(request("list"), "list");
	assert_string_equal(options.socket, REQUEST_SOCKET);
	assert_false(options.json);
	assert_string_equal(request("--json -s /x list"), "list");
	assert_true(options.json);
	assert_string_equal(request("--door list revoke ::1"), "revoke --door list ::1");
	assert_string_equal(request("revoke --all --json"), "revoke --all");
	assert_string_equal(request("stats --prometheus"), "stats");
	assert_true(options.prometheus);
	assert_string_equal(request("extend 10.0.0.1 --door=x -- 5m"), "extend 10.0.0.1 --door x 5m");
	assert_string_equal(request("extend 10.0.0.1 -5m --json --door x"), "extend 10.0.0.1 -5m --door x");
	assert_true(options.json);
	assert_string_equal(request("--door -5 revoke"), "revoke --door -5");
	assert_string_equal(request("revoke 10.0.0.1 10.0.1.0/24 ::1"), "revoke 10.0.0.1 10.0.1.0/24 ::1");
}

static void
what_is_wrong_is_said(void **state)
{
	char *const help[] = { (char[]){ "knockctl" }, (char[]){ "-h" }, NULL };

	(void)state;
	assert_null(request("dance"));
	assert_string_equal(err, "unknown command \"dance\"");
	assert_null(request("list --prometheus"));
	assert_string_equal(err, "--prometheus belongs to stats");
	assert_null(request("list 1"));
	assert_string_equal(err, "\"1\" is not an IPv4 or IPv6 address");
	assert_null(request("-5m"));
	assert_null(request("--json"));
	assert_int_equal(ctl_options_parse(&options, 2, (char **)help, err, sizeof(err)), CTL_HELP);
}

static enum ctl_mode
local(const char *text)
{
	return request(text) ? CTL_ASK : *err ? CTL_WRONG : CTL_LOCAL;
}

static void
commands_without_a_daemon(void **state)
{
	(void)state;
	assert_int_equal(local("migrate"), CTL_LOCAL);
	assert_string_equal(options.file, SYSCONFDIR "/knockd.conf");
	assert_null(options.prefer);
	assert_int_equal(local("migrate --prefer grant x.conf --apply"), CTL_LOCAL);
	assert_string_equal(options.file, "x.conf");
	assert_string_equal(options.prefer, "grant");
	assert_true(options.apply);
	assert_int_equal(local("migrate --prefer both"), CTL_WRONG);
	assert_string_equal(err, "--prefer is open or grant, not \"both\"");
	assert_int_equal(local("migrate a b"), CTL_WRONG);
	assert_int_equal(local("--json migrate"), CTL_WRONG);
	assert_int_equal(local("doctor -c x.conf ssh"), CTL_LOCAL);
	assert_string_equal(options.file, "x.conf");
	assert_int_equal(local("doctor a b"), CTL_WRONG);
	assert_int_equal(local("doctor --apply"), CTL_WRONG);
	assert_int_equal(local("new ssh --open 22:tcp --for 1h --write"), CTL_LOCAL);
	assert_string_equal(options.open, "22:tcp");
	assert_string_equal(options.time, "1h");
	assert_true(options.write);
	assert_int_equal(local("top"), CTL_LOCAL);
	assert_int_equal(local("top now"), CTL_WRONG);
	assert_int_equal(local("new"), CTL_WRONG);
	assert_int_equal(local("doctor --write"), CTL_WRONG);
	assert_int_equal(local("list --open 22"), CTL_WRONG);
	assert_int_equal(local("list -c x"), CTL_WRONG);
	assert_int_equal(local("list --apply"), CTL_WRONG);
	assert_string_equal(err, "--apply and --prefer belong to migrate");
}

/* ---- tables ------------------------------------------------------------------------------------ */

static char *text;
static size_t text_len;
static FILE *out;

static int
open_text(void **state)
{
	(void)state;
	out = open_memstream(&text, &text_len);
	return out ? 0 : -1;
}

static int
free_text(void **state)
{
	(void)state;
	free(text);
	return 0;
}

static void
assert_written(const char *expected)
{
	fclose(out);
	assert_string_equal(text, expected);
}

static void
print_table(bool headed, bool colour)
{
	struct ctl_table table;

	ctl_table_init(&table, 3);
	ctl_table_add(&table, (const char *const[]){ "WHO", "DOOR", "" });
	ctl_table_add(&table, (const char *const[]){ "\xc3\xa9t\xc3\xa9", "x\033y", "" });
	ctl_table_add(&table, (const char *const[]){ "1", "2\xff", "end" });
	assert_int_equal(ctl_table_print(&table, headed, colour, out), 0);
	ctl_table_free(&table);
}

static void
columns_are_aligned(void **state)
{
	(void)state;
	print_table(true, false);
	assert_written("WHO  DOOR\n\xc3\xa9t\xc3\xa9  x\xef\xbf\xbdy\n1    2\xef\xbf\xbd    end\n");
}

/* Wide, full-width and combining characters, in a locale that knows them. */
static void
columns_of_wide_characters_are_aligned(void **state)
{
	struct ctl_table table;

	(void)state;
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		SKIP("no locale C.UTF-8");
	ctl_table_init(&table, 2);
	ctl_table_add(&table, (const char *const[]){ "\xe9\x96\x80\xe6\x88\xb8", "1" });
	ctl_table_add(&table, (const char *const[]){ "e\xcc\x81", "2" });
	ctl_table_add(&table, (const char *const[]){ "\xef\xbc\xa1", "3" });
	ctl_table_add(&table, (const char *const[]){ "abcde", "4" });
	ctl_table_print(&table, false, false, out);
	ctl_table_free(&table);
	setlocale(LC_CTYPE, "C");
	assert_written("\xe9\x96\x80\xe6\x88\xb8   1\ne\xcc\x81      2\n\xef\xbc\xa1     3\nabcde  4\n");
}

static void
a_heading_is_bold_in_colour(void **state)
{
	(void)state;
	print_table(true, true);
	assert_written("\033[1mWHO  DOOR\033[0m\n\xc3\xa9t\xc3\xa9  x\xef\xbf\xbdy\n1    2\xef\xbf\xbd    end\n");
}

static void
a_heading_alone_is_left_out(void **state)
{
	struct ctl_table table;

	(void)state;
	ctl_table_init(&table, 1);
	ctl_table_add(&table, (const char *const[]){ "WHO" });
	ctl_table_print(&table, true, false, out);
	ctl_table_free(&table);
	assert_written("");
}

/* ---- answers ----------------------------------------------------------------------------------- */

static void
accesses(void **state)
{
	struct ctl_show show = { .out = out };
	json_t *one =
	    json_pack("{s:s, s:s, s:s, s:s, s:s, s:n, s:n, s:n}", "ip", "192.0.2.7", "door", "ssh", "kind", "element",
		      "set", "inet f s", "element", "192.0.2.7", "since_ms", "until_ms", "left_ms");
	json_t *two = json_pack("{s:s, s:s, s:s, s:s, s:i}", "ip", "::1", "door", "c\n", "kind", "command",
				"stop_command", "x", "left_ms", 59001);

	(void)state;
	ctl_show_access(&show, one);
	ctl_show_access(&show, two);
	ctl_show_accesses(&show, NULL);
	ctl_table_free(&show.table);
	json_decref(one);
	json_decref(two);
	assert_written("CLIENT     DOOR  SINCE  UNTIL  LEFT  BY\n"
		       "192.0.2.7  ssh   -      -      -     inet f s { 192.0.2.7 }\n"
		       "::1        c\xef\xbf\xbd    -      -      1m    x\n");
}

static void
nothing_to_list(void **state)
{
	struct ctl_show show = { .out = out };

	(void)state;
	ctl_show_accesses(&show, NULL);
	ctl_show_doors(&show, NULL);
	assert_written("no open accesses\nno doors\n");
}

static void
the_processes(void **state)
{
	struct ctl_show show = { .out = out };
	json_t *all = json_pack("{s:i, s:i, s:i, s:i, s:i, s:i}", "pid", 1, "engine_pid", 2, "keeper_pid", 3,
				"memory_kib", 10, "engine_memory_kib", 20, "keeper_memory_kib", 30);
	json_t *root = json_pack("{s:i, s:n, s:n}", "pid", 1, "engine_pid", "keeper_pid");

	(void)state;
	ctl_show_status(&show, all);
	ctl_show_status(&show, root);
	json_decref(all);
	json_decref(root);
	fclose(out);
	assert_non_null(strstr(text, "processes        1, engine 2, keeper 3\n"
				     "memory           10 KiB, engine 20 KiB, keeper 30 KiB\n"));
	assert_non_null(strstr(text, "processes        1, no engine\nengine restarts"));
}

static void
events(void **state)
{
	struct ctl_show show = { .out = out };
	json_t *open = json_pack("{s:s, s:s, s:s}", "event", "open", "ip", "::1", "door", "ssh");
	json_t *other = json_pack("{s:s, s:s}", "event", "warning", "text", "a\033b");

	(void)state;
	ctl_show_event(&show, open);
	ctl_show_event(&show, other);
	json_decref(open);
	json_decref(other);
	assert_written("-  ::1: ssh: open\n-  a\xef\xbf\xbd"
		       "b\n");
}

/* A counter that the answer lacks, for instance of an older daemon, is not printed. */
static void
prometheus(void **state)
{
	json_t *stats = json_pack("{s:i, s:i, s:i}", "packets", 5, "attempts", 2, "uptime_ms", 61002);

	(void)state;
	ctl_stats_prometheus(stats, out);
	json_decref(stats);
	assert_written("# HELP knockd_packets_total Packets that the kernel has handed over.\n"
		       "# TYPE knockd_packets_total counter\n"
		       "knockd_packets_total 5\n"
		       "# HELP knockd_attempts Attempts under way.\n"
		       "# TYPE knockd_attempts gauge\n"
		       "knockd_attempts 2\n"
		       "# HELP knockd_uptime_seconds Time since the daemon was started.\n"
		       "# TYPE knockd_uptime_seconds gauge\n"
		       "knockd_uptime_seconds 61.002\n");
}

static void
stats_as_text(void **state)
{
	json_t *stats = json_pack("{s:i, s:i}", "packets", 12345, "doors", 2);

	(void)state;
	ctl_stats_print(stats, out);
	json_decref(stats);
	assert_written("packets  12345  Packets that the kernel has handed over\n"
		       "doors    2      Doors in the configuration\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_stand_anywhere),
		cmocka_unit_test(what_is_wrong_is_said),
		cmocka_unit_test(commands_without_a_daemon),
		cmocka_unit_test_setup_teardown(columns_are_aligned, open_text, free_text),
		cmocka_unit_test_setup_teardown(columns_of_wide_characters_are_aligned, open_text, free_text),
		cmocka_unit_test_setup_teardown(a_heading_is_bold_in_colour, open_text, free_text),
		cmocka_unit_test_setup_teardown(a_heading_alone_is_left_out, open_text, free_text),
		cmocka_unit_test_setup_teardown(accesses, open_text, free_text),
		cmocka_unit_test_setup_teardown(nothing_to_list, open_text, free_text),
		cmocka_unit_test_setup_teardown(the_processes, open_text, free_text),
		cmocka_unit_test_setup_teardown(events, open_text, free_text),
		cmocka_unit_test_setup_teardown(prometheus, open_text, free_text),
		cmocka_unit_test_setup_teardown(stats_as_text, open_text, free_text),
	};

	return cmocka_run_group_tests_name("ctl", tests, NULL, NULL);
}
