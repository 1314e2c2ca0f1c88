/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/log.h"

static char path[] = "/tmp/log.XXXXXX";
static struct log log_;
static time_t clock_at; /* the wall clock */

/* In place of libc's. No --wrap: on 32-bit systems libc's has another name. */
time_t
time(time_t *at)
{
	if (at)
		*at = clock_at;
	return clock_at;
}

static const char *
in_file(void)
{
	static char text[1 << 17];
	FILE *file = fopen(path, "r");
	size_t len;

	assert_non_null(file);
	len = fread(text, 1, sizeof(text) - 1, file);
	text[len] = '\0';
	fclose(file);
	return text;
}

static int
set_up(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	clock_at = 1000000000; /* 2001-09-09 01:46:40 */
	log_init(&log_);
	log_.detached = true;
	assert_int_equal(truncate(path, 0), 0);
	return log_open_file(&log_, path);
}

static int
tear_down(void **state)
{
	(void)state;
	log_close(&log_);
	return 0;
}

static void
each_line_has_its_time(void **state)
{
	(void)state;
	log_notice(&log_, "%s: %d", "first", 1);
	clock_at += 60;
	log_knock(&log_, "192.0.2.7: 100%s: OPEN SESAME");
	log_warnx(&log_, "third");
	errno = ENOENT;
	log_warn(&log_, "fourth");
	assert_int_equal(errno, ENOENT);
	assert_string_equal(in_file(), "[2001-09-09 01:46] first: 1\n"
				       "[2001-09-09 01:47] 192.0.2.7: 100%s: OPEN SESAME\n"
				       "[2001-09-09 01:47] third\n"
				       "[2001-09-09 01:47] fourth: No such file or directory\n");
}

static void
held_lines_come_together(void **state)
{
	(void)state;
	log_hold(&log_);
	log_notice(&log_, "first");
	log_knock(&log_, "second");
	assert_string_equal(in_file(), "");
	log_release(&log_);
	assert_string_equal(in_file(), "[2001-09-09 01:46] first\n[2001-09-09 01:46] second\n");
	log_notice(&log_, "third");
	assert_string_equal(strstr(in_file(), "second"), "second\n[2001-09-09 01:46] third\n");
}

/* Lines that are held together share one time; lines held later do not. */
static void
held_lines_have_the_time_of_the_first(void **state)
{
	(void)state;
	log_hold(&log_);
	log_notice(&log_, "first");
	clock_at += 60;
	log_notice(&log_, "second");
	log_release(&log_);
	log_hold(&log_);
	log_notice(&log_, "third");
	log_release(&log_);
	assert_string_equal(in_file(), "[2001-09-09 01:46] first\n[2001-09-09 01:46] second\n"
				       "[2001-09-09 01:47] third\n");
}

/* Lines of any length: none is lost, and none exceeds LOG_TEXT_MAX. */
static void
more_than_can_be_held_is_written(void **state)
{
	static char text[2 * LOG_TEXT_MAX];
	size_t lines = 0, expected = 0;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	log_hold(&log_);
	for (int len = 1; len < 2 * LOG_TEXT_MAX; len += 20) {
		log_notice(&log_, "%.*s", len, text);
		expected += 20 + (size_t)(len < LOG_TEXT_MAX ? len : LOG_TEXT_MAX - 1);
		lines++;
	}
	log_knock(&log_, text);
	expected += 20 + LOG_TEXT_MAX - 1;
	log_close_file(&log_);
	assert_int_equal(strlen(in_file()), expected);
	for (const char *p = in_file(); (p = strchr(p, '\n')); p++)
		assert_true(!p[1] || p[1] == '[');
	assert_true(lines > 100);
}

static char heard[256];

static void
hear(void *arg, enum log_tone tone, const char *text)
{
	size_t used = strlen(heard);

	(void)arg;
	snprintf(heard + used, sizeof(heard) - used, "%d %s\n", (int)tone, text);
}

static void
a_listener_hears_what_is_held(void **state)
{
	(void)state;
	log_.listener = hear;
	log_hold(&log_);
	log_notice(&log_, "first");
	log_knock(&log_, "second");
	log_warnx(&log_, "third");
	log_private(&log_, "fourth");
	log_debug(&log_, "fifth");
	assert_string_equal(heard, "1 first\n0 second\n3 third\n4 fourth\n");
	log_release(&log_);
}

static void
without_a_logger_all_is_dropped(void **state)
{
	(void)state;
	errno = EINTR;
	log_notice(NULL, "first");
	log_knock(NULL, "second");
	log_warn(NULL, "third");
	log_stderr(NULL, "fourth");
	assert_int_equal(errno, EINTR);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_line_has_its_time),
		TEST(held_lines_come_together),
		TEST(held_lines_have_the_time_of_the_first),
		TEST(more_than_can_be_held_is_written),
		TEST(a_listener_hears_what_is_held),
		TEST(without_a_logger_all_is_dropped),
	};
	int fd = mkstemp(path), failed;

	if (fd < 0)
		return 99;
	close(fd);
	failed = cmocka_run_group_tests_name("log", tests, NULL, NULL);
	unlink(path);
	return failed;
}
