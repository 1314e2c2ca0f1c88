/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h" /* unshare */

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/onetime.h"

static char dir[] = "/tmp/onetime.XXXXXX";
static char path[64];
static char reports[512];

static void
put(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0640), 0);
}

static void
holds(const char *expected)
{
	char text[1024] = "";
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	assert_string_equal(text, expected);
}

static struct seq
sequence(const char *text)
{
	struct seq seq;

	assert_int_equal(seq_parse(&seq, text, NULL), 0);
	return seq;
}

static int
mark(const char *text)
{
	struct seq seq = sequence(text);

	errno = 0;
	return onetime_mark(path, &seq);
}

static void
collect(void *arg, unsigned long line, const char *reason)
{
	size_t used = strlen(reports);

	(void)arg;
	snprintf(reports + used, sizeof(reports) - used, "%lu %s\n", line, reason);
}

static ssize_t
read_into(struct onetime *to, size_t max)
{
	*reports = '\0';
	return onetime_read(path, to, max, collect, NULL);
}

static void
next_is(const char *expected, unsigned long line)
{
	struct onetime next = { .line = 0 };
	char text[SEQ_STRLEN];

	assert_true(read_into(&next, 1) >= 1);
	assert_string_equal(seq_format(&next.seq, text, sizeof(text)), expected);
	assert_int_equal(next.line, line);
}

static void
the_first_valid_line_is_next(void **state)
{
	(void)state;
	put("# used\n\n   # 1,2,3\n 7000,8000:udp\n 9000\n");
	next_is("7000:tcp,8000:udp", 4);
	assert_string_equal(reports, "");
}

/* An editor's mark at the beginning of the file is no part of the first line. */
static void
a_byte_order_mark(void **state)
{
	(void)state;
	put("\xef\xbb\xbf 7000,8000\n 9000\n");
	next_is("7000:tcp,8000:tcp", 1);
	assert_string_equal(reports, "");
	assert_int_equal(mark("7000,8000"), 0);
	next_is("9000:tcp", 2);
	assert_string_equal(reports, "");
}

static void
the_unused_sequences_can_be_listed(void **state)
{
	struct onetime all[2];

	(void)state;
	put(" 1,2\n#3,4\n5,6\n 7,8");
	assert_int_equal(read_into(all, 2), 3);
	assert_int_equal(all[0].line, 1);
	assert_int_equal(all[1].line, 3);
	assert_int_equal(read_into(NULL, 0), 3);
}

static void
bad_lines_are_reported_without_their_ports_and_skipped(void **state)
{
	(void)state;
	put(" 7000,70000\nhello world\n 7000:icmp\n 1,2,3\n");
	next_is("1:tcp,2:tcp,3:tcp", 4);
	assert_string_equal(reports, "1 not a list of ports from 1 to 65535\n"
				     "2 not a list of ports from 1 to 65535\n"
				     "3 unknown protocol in knock sequence\n");
	assert_int_equal(mark("1,2,3"), 0);
	holds(" 7000,70000\nhello world\n 7000:icmp\n#1,2,3\n");
	put(" 1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1\n");
	assert_int_equal(read_into(NULL, 0), 0);
	assert_string_equal(reports, "1 too many ports in knock sequence\n");
}

static void
a_nul_byte_is_no_sequence(void **state)
{
	FILE *file;

	(void)state;
	file = fopen(path, "w");
	assert_non_null(file);
	fwrite(" 1,2\0,3\n 4\n", 1, 11, file);
	fclose(file);
	next_is("4:tcp", 2);
	assert_string_equal(reports, "1 contains a NUL byte\n");
}

static void
an_exhausted_file_is_zero_and_no_error(void **state)
{
	(void)state;
	put("#1,2\n\n# 3\n");
	assert_int_equal(read_into(NULL, 0), 0);
	put("");
	assert_int_equal(read_into(NULL, 0), 0);
}

static void
a_leading_blank_is_overwritten_in_place(void **state)
{
	struct stat before, after;

	(void)state;
	put("#old\r\n 7000,8000\r\n\t9000\n");
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(mark("7000,8000"), 0);
	assert_int_equal(stat(path, &after), 0);
	holds("#old\r\n#7000,8000\r\n\t9000\n");
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(before.st_mode, after.st_mode);
	assert_int_equal(before.st_size, after.st_size);
	assert_int_equal(before.st_uid, after.st_uid);
	assert_int_equal(mark("9000"), 0);
	holds("#old\r\n#7000,8000\r\n#9000\n");
	assert_int_equal(read_into(NULL, 0), 0);
}

static void
without_a_leading_blank_the_digits_are_kept(void **state)
{
	struct stat before, after;

	(void)state;
	put("# c\n7000,8000\n9000");
	if (geteuid() == 0)
		assert_int_equal(chown(path, 0, 54321), 0);
	assert_int_equal(chmod(path, 0604), 0);
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(mark("7000,8000"), 0);
	assert_int_equal(mark("9000"), 0);
	assert_int_equal(stat(path, &after), 0);
	holds("# c\n#7000,8000\n#9000");
	assert_int_equal(before.st_mode, after.st_mode);
	assert_int_equal(before.st_uid, after.st_uid);
	assert_int_equal(before.st_gid, after.st_gid);
}

static void
a_big_file_is_rewritten_whole(void **state)
{
	FILE *file;
	long size;

	(void)state;
	file = fopen(path, "w");
	assert_non_null(file);
	for (int i = 1; i <= 20000; i++)
		fprintf(file, "%d,7\n", i);
	size = ftell(file);
	fclose(file);
	assert_int_equal(mark("15000,7"), 0);
	assert_int_equal(read_into(NULL, 0), 19999);
	file = fopen(path, "r");
	fseek(file, 0, SEEK_END);
	assert_int_equal(ftell(file), size + 1);
	fclose(file);
}

static void
nothing_is_left_beside_the_file(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "test \"$(ls -A %s)\" = sequences", dir);
	assert_int_equal(system(command), 0);
}

static void
a_symbolic_link_stays_one(void **state)
{
	char link[80];
	struct seq seq = sequence("1,2");
	struct stat st;

	(void)state;
	put("1,2\n");
	snprintf(link, sizeof(link), "%s/link", dir);
	assert_int_equal(symlink("sequences", link), 0);
	assert_int_equal(onetime_mark(link, &seq), 0);
	holds("#1,2\n");
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	unlink(link);
}

static void
an_edited_file_is_marked_where_the_line_stands_now(void **state)
{
	(void)state;
	put(" 1,2\n 3,4\n");
	next_is("1:tcp,2:tcp", 1);
	put("# a comment that moves everything\n 9,9\n 1,2\n 3,4\n");
	assert_int_equal(mark("1,2"), 0);
	holds("# a comment that moves everything\n 9,9\n#1,2\n 3,4\n");
}

static void
a_line_that_is_gone_is_stale(void **state)
{
	(void)state;
	put("#1,2\n 1,2,3\n 1\n 1,2:udp\n");
	assert_int_equal(mark("1,2"), -1);
	assert_int_equal(errno, ESTALE);
	holds("#1,2\n 1,2,3\n 1\n 1,2:udp\n");
}

static void
of_two_equal_lines_the_first_is_marked(void **state)
{
	(void)state;
	put(" 1,2\n 1,2\n");
	assert_int_equal(mark("1,2"), 0);
	holds("#1,2\n 1,2\n");
}

static void
a_vanished_file_is_an_error(void **state)
{
	(void)state;
	unlink(path);
	assert_int_equal(mark("1,2"), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(read_into(NULL, 0), -1);
	assert_int_equal(errno, ENOENT);
}

static void
only_a_regular_file_is_accepted(void **state)
{
	struct seq seq = sequence("1");

	(void)state;
	assert_int_equal(onetime_read("/dev/null", NULL, 0, NULL, NULL), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(onetime_read("/", NULL, 0, NULL, NULL), -1);
	assert_int_equal(errno, EISDIR);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(onetime_mark(path, &seq), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(read_into(NULL, 0), -1);
	unlink(path);
}

/* Runs `body` in a child, as an unprivileged user when we are root: root writes to anything. */
static int
in_child(int (*body)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		fflush(NULL);
		_exit(body());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static int
drop_root(void)
{
	return geteuid() == 0 && (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534));
}

static int
mark_and_check(void)
{
	struct seq seq = sequence("1,2");

	if (drop_root())
		return 1;
	if (onetime_check(path, &seq) != -1 || errno != EACCES)
		return 2;
	return onetime_mark(path, &seq) == -1 && errno == EACCES ? 0 : 3;
}

static void
a_read_only_file_is_an_error_and_stays(void **state)
{
	(void)state;
	put(" 1,2\n");
	assert_int_equal(chmod(path, 0444), 0);
	assert_int_equal(chmod(dir, 0755), 0);
	assert_int_equal(in_child(mark_and_check), 0);
	holds(" 1,2\n");
}

static void
a_read_only_directory_stops_the_rewrite(void **state)
{
	(void)state;
	unlink(path); /* the test before may have left it read-only */
	put("1,2\n");
	if (geteuid() == 0)
		assert_int_equal(chown(path, 65534, 65534), 0);
	assert_int_equal(chmod(dir, 0555), 0);
	assert_int_equal(in_child(mark_and_check), 0);
	assert_int_equal(chmod(dir, 0755), 0);
	holds("1,2\n");
}

static void
a_file_that_others_may_write_is_refused(void **state)
{
	(void)state;
	unlink(path); /* earlier tests have changed its owner */
	put(" 1,2\n");
	assert_int_equal(chmod(path, 0602), 0);
	assert_int_equal(read_into(NULL, 0), -1);
	assert_int_equal(errno, EPERM);
	assert_string_equal(reports, "0 any user can write to it (chmod o-w)\n");
	assert_int_equal(mark("1,2"), -1);
	holds(" 1,2\n");
	assert_int_equal(chmod(path, 0620), 0);
	assert_int_equal(read_into(NULL, 0), getegid() ? -1 : 1);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 0, 54321), 0);
		assert_int_equal(read_into(NULL, 0), -1);
		assert_string_equal(reports, "0 a group can write to it (chmod g-w)\n");
		assert_int_equal(chown(path, 12345, 0), 0);
		assert_int_equal(chmod(path, 0600), 0);
		assert_int_equal(read_into(NULL, 0), -1);
		assert_string_equal(reports, "0 belongs to another user, who could change it (chown root)\n");
	}
}

static void
a_file_that_everybody_may_read_is_reported(void **state)
{
	(void)state;
	unlink(path);
	put(" 1,2\n");
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(read_into(NULL, 0), 1);
	assert_string_equal(reports, "0 any user can read it, and sequences are secrets (chmod o-r)\n");
}

/* A file system of 64 KiB, filled up around a file of sequences. */
static int
mark_on_full_disk(void)
{
	struct seq seq = sequence("2000,7");
	char fill[4096] = "x", other[80];
	FILE *file;
	int fd;

	if (unshare(CLONE_NEWNS) || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) ||
	    mount("tmpfs", dir, "tmpfs", 0, "size=64k"))
		return 77;
	file = fopen(path, "w");
	for (int i = 1; i <= 2000; i++)
		fprintf(file, "%d,7\n", i);
	fclose(file);
	snprintf(other, sizeof(other), "%s/fill", dir);
	fd = open(other, O_WRONLY | O_CREAT, 0600);
	while (write(fd, fill, sizeof(fill)) > 0)
		;
	close(fd);
	if (onetime_mark(path, &seq) != -1 || errno != ENOSPC)
		return 1;
	if (onetime_read(path, NULL, 0, NULL, NULL) != 2000)
		return 2;
	unlink(other);
	if (onetime_mark(path, &seq) != 0)
		return 3;
	return onetime_read(path, NULL, 0, NULL, NULL) == 1999 ? 0 : 4;
}

static void
a_full_disk_leaves_the_old_file(void **state)
{
	int rc = in_child(mark_on_full_disk);

	(void)state;
	if (rc == 77)
		SKIP("no mount namespace here");
	assert_int_equal(rc, 0);
}

static int
set_up(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/sequences", dir);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_valid_line_is_next),
		cmocka_unit_test(a_byte_order_mark),
		cmocka_unit_test(the_unused_sequences_can_be_listed),
		cmocka_unit_test(bad_lines_are_reported_without_their_ports_and_skipped),
		cmocka_unit_test(a_nul_byte_is_no_sequence),
		cmocka_unit_test(an_exhausted_file_is_zero_and_no_error),
		cmocka_unit_test(a_leading_blank_is_overwritten_in_place),
		cmocka_unit_test(without_a_leading_blank_the_digits_are_kept),
		cmocka_unit_test(a_big_file_is_rewritten_whole),
		cmocka_unit_test(nothing_is_left_beside_the_file),
		cmocka_unit_test(a_symbolic_link_stays_one),
		cmocka_unit_test(an_edited_file_is_marked_where_the_line_stands_now),
		cmocka_unit_test(a_line_that_is_gone_is_stale),
		cmocka_unit_test(of_two_equal_lines_the_first_is_marked),
		cmocka_unit_test(a_vanished_file_is_an_error),
		cmocka_unit_test(only_a_regular_file_is_accepted),
		cmocka_unit_test(a_read_only_file_is_an_error_and_stays),
		cmocka_unit_test(a_read_only_directory_stops_the_rewrite),
		cmocka_unit_test(a_file_that_others_may_write_is_refused),
		cmocka_unit_test(a_file_that_everybody_may_read_is_reported),
		cmocka_unit_test(a_full_disk_leaves_the_old_file),
	};

	return cmocka_run_group_tests_name("onetime", tests, set_up, tear_down);
}
