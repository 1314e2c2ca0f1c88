/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The real clocks have other names here. --wrap does not work between files that are optimized as one (LTO). */
#define moment_now  real_moment_now
#define moment_boot real_moment_boot
#include "lib/moment.c"
#undef moment_now
#undef moment_boot

#include "config.h"
#include "journal/journal.h"

#define HOUR        3600000
#define PATIENCE_MS 20000
#define MODEL       200 /* accesses at most, in the test that compares each of them */

static char base[] = "/tmp/journal.XXXXXX";
static bool can_mount;
static char dir[128], other[128]; /* the journal's; a copy, read as after a crash */
static int dirs;

/* ---- clocks, boot and disk under the tests' control -------------------------------------------- */

static atomic_int_fast64_t boot_shift, wall_shift;
static atomic_int sync_error;
static const char *boot;

struct moment moment_now(void);
const char *moment_boot(char buf[static MOMENT_BOOT_LEN]);
int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);

struct moment
moment_now(void)
{
	struct moment now = real_moment_now();

	return (struct moment){ now.boot_ms + boot_shift, now.wall_ms + wall_shift };
}

const char *
moment_boot(char buf[static MOMENT_BOOT_LEN])
{
	return strcpy(buf, boot);
}

int
__wrap_fdatasync(int fd)
{
	errno = sync_error;
	return sync_error ? -1 : __real_fdatasync(fd);
}

static void
pass_time(int64_t ms)
{
	boot_shift += ms;
	wall_shift += ms;
}

/* ---- reading back ------------------------------------------------------------------------------ */

static char warnings[4096];
static char found[16384]; /* "ID KIND DOOR IP TEXT LEFT\n", LEFT in whole minutes, for each */
static size_t n_found;

static void
take_warning(void *arg, const char *text)
{
	size_t used = strlen(warnings);

	(void)arg;
	snprintf(warnings + used, sizeof(warnings) - used, "%s\n", text);
}

static bool
take_found(void *arg, const struct journal_entry *entry)
{
	struct moment now = moment_now();
	int64_t left = entry->end.boot_ms - now.boot_ms, minutes = (left + (left < 0 ? -30000 : 30000)) / 60000;
	size_t used;
	char ip[ADDR_STRLEN];

	(void)arg;
	if (++n_found > MODEL)
		return true;
	used = strlen(found);
	/* both clocks give the same time left */
	assert_true(llabs(entry->end.wall_ms - now.wall_ms - left) < 1000);
	snprintf(found + used, sizeof(found) - used, "%" PRIu64 " %s %s %s %s %" PRId64 "\n", entry->id,
		 entry->kind == JOURNAL_GRANT ? "grant" : "command", entry->door, addr_format(&entry->ip, ip),
		 entry->text, minutes);
	return strcmp(entry->door, "refused") != 0;
}

static struct journal *
reopen(const char *where)
{
	struct journal *journal;

	*found = *warnings = '\0';
	n_found = 0;
	journal = journal_prepare(where, geteuid(), take_found, take_warning, NULL);
	if (!journal || !journal_start(journal))
		return journal;
	journal_close(journal);
	return NULL;
}

static uint64_t
add(struct journal *journal, const char *door, const char *text, int64_t ms)
{
	char door_copy[256], text_copy[1024];
	struct journal_entry entry = { .kind = *text == '{' ? JOURNAL_GRANT : JOURNAL_COMMAND,
				       .door = strcpy(door_copy, door),
				       .text = strcpy(text_copy, text),
				       .end = moment_after(moment_now(), ms) };
	uint64_t id;

	assert_int_equal(addr_parse(&entry.ip, "192.0.2.7"), 0);
	id = journal_add(journal, &entry);
	assert_int_equal(id, entry.id);
	return id;
}

static void
shows(const char *where, const char *expected)
{
	struct journal *journal = reopen(where);

	assert_non_null(journal);
	assert_string_equal(found, expected);
	journal_close(journal);
}

/* ---- files ------------------------------------------------------------------------------------- */

static const char *
path_in(const char *where, const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", where, name);
	return path;
}

static size_t
get_file(const char *where, const char *name, char *text, size_t size)
{
	FILE *file = fopen(path_in(where, name), "r");
	size_t len;

	assert_non_null(file);
	len = fread(text, 1, size, file);
	assert_true(len < size);
	text[len] = '\0';
	fclose(file);
	return len;
}

static void
put_file(const char *where, const char *name, const char *text, size_t len)
{
	FILE *file = fopen(path_in(where, name), "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static void
remove_files(const char *where)
{
	unlink(path_in(where, "journal"));
	unlink(path_in(where, "journal.new"));
	unlink(path_in(where, "journal.bad"));
	unlink(path_in(where, "fill"));
}

/* Another daemon would find this if ours was killed now. */
static void
shows_after_a_crash(const char *expected)
{
	static char text[1 << 20];
	size_t len = get_file(dir, "journal", text, sizeof(text));

	remove_files(other);
	put_file(other, "journal", text, len);
	shows(other, expected);
}

static ino_t
inode(const char *where)
{
	struct stat st;

	return stat(path_in(where, "journal"), &st) ? 0 : st.st_ino;
}

static int
set_up(void **state)
{
	(void)state;
	boot = "1st-boot";
	boot_shift = wall_shift = 0;
	sync_error = 0;
	snprintf(dir, sizeof(dir), "%s/%d", base, ++dirs);
	snprintf(other, sizeof(other), "%s/%d.other", base, dirs);
	return mkdir(dir, 0755) || mkdir(other, 0755) ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	umount2(dir, MNT_DETACH);
	remove_files(dir);
	remove_files(other);
	return rmdir(dir) || rmdir(other) ? -1 : 0;
}

/* ---- keeping ----------------------------------------------------------------------------------- */

static void
accesses_that_have_not_ended_come_back(void **state)
{
	struct journal *journal = reopen(dir);
	uint64_t first, second, third;

	(void)state;
	assert_non_null(journal);
	assert_string_equal(warnings, "");
	first = add(journal, "door one", "iptables -D %IP%\n\"quoted\" \x01\xff", 10 * 60000);
	second = add(journal, "", "", HOUR);
	third = add(journal, "three", "{ 192.0.2.7 }", HOUR);
	assert_true(first && second > first && third > second);
	journal_move(journal, third, moment_after(moment_now(), 2 * HOUR));
	journal_move(journal, 99, moment_now());
	journal_end(journal, second);
	journal_end(journal, second);
	journal_end(journal, 0);
	journal_close(journal);
	shows(dir, "1 command door one 192.0.2.7 iptables -D %IP%\n\"quoted\" \x01\xff 10\n"
		   "3 grant three 192.0.2.7 { 192.0.2.7 } 120\n");
	assert_string_equal(warnings, "");
	journal = reopen(dir);
	assert_true(add(journal, "four", "", 0) > third);
	journal_close(journal);
}

static void
a_line_is_in_the_file_at_once(void **state)
{
	struct journal *journal = reopen(dir);

	(void)state;
	add(journal, "d", "stop", HOUR);
	shows_after_a_crash("1 command d 192.0.2.7 stop 60\n");
	journal_end(journal, 1);
	shows_after_a_crash("");
	journal_close(journal);
}

static void
held_lines_are_written_on_release(void **state)
{
	struct journal *journal = reopen(dir);

	(void)state;
	journal_hold(journal);
	add(journal, "a", "stop", HOUR);
	add(journal, "b", "stop", HOUR);
	journal_move(journal, 1, moment_after(moment_now(), 2 * HOUR));
	journal_end(journal, 2);
	shows_after_a_crash("");
	journal_release(journal);
	shows_after_a_crash("1 command a 192.0.2.7 stop 120\n");
	add(journal, "c", "stop", HOUR);
	shows_after_a_crash("1 command a 192.0.2.7 stop 120\n3 command c 192.0.2.7 stop 60\n");
	journal_close(journal);
	assert_string_equal(warnings, "");
}

static void
held_lines_are_written_on_request(void **state)
{
	struct journal *journal = reopen(dir);

	(void)state;
	journal_hold(journal);
	add(journal, "a", "stop", HOUR);
	assert_true(journal_keeps(journal, 1));
	shows_after_a_crash("1 command a 192.0.2.7 stop 60\n");
	add(journal, "b", "stop", HOUR);
	journal_close(journal);
	shows(dir, "1 command a 192.0.2.7 stop 60\n2 command b 192.0.2.7 stop 60\n");
}

static void
few_bytes_are_held(void **state)
{
	struct journal *journal = reopen(dir);
	struct stat st;

	(void)state;
	journal_hold(journal);
	for (int i = 0; i < 1000; i++)
		add(journal, "x", "stop", HOUR);
	assert_int_equal(stat(path_in(dir, "journal"), &st), 0);
	assert_true(st.st_size > 30000);
	journal_close(journal);
	journal = reopen(dir);
	assert_int_equal(n_found, 1000);
	journal_close(journal);
}

static void
without_a_journal_nothing_is_kept(void **state)
{
	struct journal_entry entry = { .id = 5 };

	(void)state;
	assert_int_equal(journal_add(NULL, &entry), 0);
	assert_int_equal(entry.id, 0);
	journal_move(NULL, 1, moment_now());
	journal_end(NULL, 1);
	journal_hold(NULL);
	journal_release(NULL);
	journal_report(NULL);
	assert_int_equal(journal_fd(NULL), -1);
	journal_close(NULL);
}

static void
descriptors_are_not_inherited(void **state)
{
	bool before[64];
	struct journal *journal;

	(void)state;
	for (int fd = 0; fd < 64; fd++)
		before[fd] = fcntl(fd, F_GETFD) >= 0;
	journal = reopen(dir);
	for (int fd = 0; fd < 64; fd++)
		if (!before[fd] && fcntl(fd, F_GETFD) >= 0)
			assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	journal_close(journal);
	for (int fd = 0; fd < 64; fd++)
		assert_int_equal(before[fd], fcntl(fd, F_GETFD) >= 0);
}

/* If the thread did not block it, the signal would end this process. */
static void
signals_are_left_to_the_caller(void **state)
{
	const struct timespec patience = { .tv_sec = 5 };
	struct journal *journal = reopen(dir);
	sigset_t set, old;

	(void)state;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, &old);
	assert_int_equal(kill(getpid(), SIGUSR1), 0);
	assert_int_equal(sigtimedwait(&set, NULL, &patience), SIGUSR1);
	sigprocmask(SIG_SETMASK, &old, NULL);
	journal_close(journal);
}

/* ---- damage ------------------------------------------------------------------------------------ */

#define A     "1 command a 192.0.2.7 stop 60\n"
#define A_2   "1 command a 192.0.2.7 stop 120\n"
#define B     "2 command b 192.0.2.7 stop 60\n"
#define C     "3 command c 192.0.2.7 stop 60\n"
#define LINES 6

static size_t
write_six_lines(char *text, size_t size)
{
	struct journal *journal = reopen(dir); /* writes the first */

	add(journal, "a", "stop", HOUR);
	add(journal, "b", "stop", HOUR);
	journal_move(journal, 1, moment_after(moment_now(), 2 * HOUR));
	journal_end(journal, 2);
	add(journal, "c", "stop", HOUR);
	journal_close(journal);
	return get_file(dir, "journal", text, size);
}

static void
a_tail_torn_anywhere_leaves_what_precedes_it(void **state)
{
	static const char *const expected[] = { "", "", A, A B, A_2 B, A_2, A_2 C };
	char text[2048];
	size_t len = write_six_lines(text, sizeof(text)), lines = 0;

	(void)state;
	for (size_t i = 0; i <= len; i++) {
		bool whole = i == 0 || text[i - 1] == '\n';

		if (i && whole)
			lines++;
		remove_files(dir);
		put_file(dir, "journal", text, i);
		shows(dir, expected[lines]);
		assert_int_equal(whole, !*warnings);
		if (!whole)
			assert_non_null(strstr(warnings, "journal: incomplete last line dropped"));
		assert_int_equal(access(path_in(dir, "journal.bad"), F_OK), whole || lines ? -1 : 0);
		shows(dir, expected[lines]); /* a second opening finds the file repaired */
		assert_string_equal(warnings, "");
	}
	assert_int_equal(lines, LINES);
}

/* `expected` is indexed by the damaged line. A damaged newline joins two lines, and both are lost. */
static void
a_damaged_byte_costs_one_line(void **state)
{
	static const char *const expected[] = { A_2 C, C, A_2 C, A C, A_2 B C, A_2 };
	static const char *const joined[] = { C, C, A C, A B C, A_2 B, A_2 };
	char text[2048], bad[2048];
	size_t len = write_six_lines(text, sizeof(text)), line = 0;

	(void)state;
	for (size_t i = 0; i < len; i++) {
		bool newline = text[i] == '\n';

		remove_files(dir);
		text[i] ^= 1;
		put_file(dir, "journal", text, len);
		shows(dir, newline ? joined[line] : expected[line]);
		assert_true(*warnings);
		if (!newline || line < LINES - 1) {
			assert_non_null(strstr(warnings, "damaged lines dropped; the old file is kept as journal.bad"));
			assert_int_equal(get_file(dir, "journal.bad", bad, sizeof(bad)), len);
			assert_memory_equal(bad, text, len);
		}
		text[i] ^= 1;
		line += newline;
	}
}

static void
no_id_is_used_twice_even_if_its_first_line_was_lost(void **state)
{
	char text[2048], *last;
	struct journal *journal;

	(void)state;
	write_six_lines(text, sizeof(text));
	last = strstr(text, " end 2\n") + strlen(" end 2\n");
	*strstr(text, " add 2") = 'x';
	put_file(dir, "journal", text, (size_t)(last - text));
	journal = reopen(dir);
	assert_string_equal(found, A_2);
	assert_int_equal(add(journal, "c", "stop", HOUR), 3);
	journal_close(journal);
	shows(dir, A_2 C);
}

static void
an_unknown_version_is_set_aside(void **state)
{
	/* with a valid sum, as a later version would write it */
	static const char text[] = "cf1bff30a8f5f2c9 journal 2 0b1d and more\nwho knows\n";
	struct journal *journal;
	char bad[256];

	(void)state;
	put_file(dir, "journal", text, strlen(text));
	journal = reopen(dir);
	assert_non_null(journal);
	assert_string_equal(found, "");
	assert_non_null(strstr(warnings, "unknown version 2; the old file is kept as journal.bad\n"));
	add(journal, "a", "stop", HOUR);
	journal_close(journal);
	get_file(dir, "journal.bad", bad, sizeof(bad));
	assert_string_equal(bad, text);
	shows(dir, A);
}

static void
a_file_of_another_user_is_set_aside(void **state)
{
	static const char *const texts[] = { "dear diary", "dear diary\n", "\n", "\n\n0123456789abcdef \n" };
	char bad[256];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		remove_files(dir);
		put_file(dir, "journal", texts[i], strlen(texts[i]));
		shows(dir, "");
		assert_true(*warnings);
		get_file(dir, "journal.bad", bad, sizeof(bad));
		assert_string_equal(bad, texts[i]);
	}
}

static void
what_is_not_taken_over_is_forgotten(void **state)
{
	struct journal *journal = reopen(dir);
	char bad[65536];

	(void)state;
	for (int i = 0; i < 100; i++)
		add(journal, i % 3 ? "refused" : "kept", "stop", HOUR);
	journal_close(journal);
	journal_close(reopen(dir));
	assert_int_equal(n_found, 100);
	assert_string_equal(warnings, "");
	assert_true(get_file(dir, "journal.bad", bad, sizeof(bad)) > 0);
	assert_non_null(strstr(bad, "refused"));
	journal_close(reopen(dir));
	assert_int_equal(n_found, 34);
	assert_null(strstr(found, "refused"));
}

/* Not even read as a whole, whatever its length. */
static void
a_line_that_is_too_long_is_one_damaged_line(void **state)
{
	static char text[100000];
	size_t len;

	(void)state;
	journal_close(reopen(dir));
	len = get_file(dir, "journal", text, sizeof(text));
	memset(text + len, 'x', sizeof(text) - len);
	text[sizeof(text) - 1] = '\n';
	put_file(dir, "journal", text, sizeof(text));
	shows(dir, "");
	assert_non_null(strstr(warnings, "1 damaged lines"));
}

/* ---- places ------------------------------------------------------------------------------------ */

static void
the_directory_is_made(void **state)
{
	char missing[160], path[200];
	struct stat st;

	(void)state;
	snprintf(missing, sizeof(missing), "%s/new", dir);
	snprintf(path, sizeof(path), "%s/journal", missing);
	shows(missing, "");
	assert_int_equal(stat(missing, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0750);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	unlink(path);
	rmdir(missing);
	snprintf(path, sizeof(path), "%s/deeper", missing);
	assert_null(reopen(path));
	assert_int_equal(errno, ENOENT);
	assert_non_null(strstr(warnings, "/new/deeper: No such file or directory\n"));
}

static void
only_one_instance_has_the_journal(void **state)
{
	struct journal *journal = reopen(dir);

	(void)state;
	add(journal, "a", "stop", HOUR);
	assert_null(reopen(dir));
	assert_int_equal(errno, EBUSY);
	assert_non_null(strstr(warnings, ": in use by another knockd\n"));
	assert_string_equal(found, "");
	journal_close(journal);
	shows(dir, A);
}

static void
only_a_regular_file_is_accepted(void **state)
{
	(void)state;
	assert_int_equal(symlink("/etc/passwd", path_in(dir, "journal")), 0);
	assert_null(reopen(dir));
	assert_int_equal(errno, ELOOP);
	unlink(path_in(dir, "journal"));
	assert_int_equal(mkfifo(path_in(dir, "journal"), 0600), 0);
	assert_null(reopen(dir));
	assert_int_equal(errno, EINVAL);
	unlink(path_in(dir, "journal"));
	/* a symbolic link is not followed on writing either */
	assert_int_equal(symlink("/nowhere/at/all", path_in(dir, "journal.new")), 0);
	shows(dir, "");
	assert_string_equal(warnings, "");
}

/* The rest, directories above it among them, is in tests/netns/state_dir.sh. */
static void
who_else_may_write_is_not_believed(void **state)
{
	struct journal *journal = reopen(dir);

	(void)state;
	add(journal, "a", "stop", HOUR);
	journal_close(journal);
	assert_int_equal(chmod(path_in(dir, "journal"), 0602), 0);
	assert_null(reopen(dir));
	assert_int_equal(errno, EPERM);
	assert_non_null(strstr(warnings, "write to it (chmod o-w)"));
	assert_int_equal(chmod(path_in(dir, "journal"), 0600), 0);
	assert_int_equal(chmod(dir, 01777), 0);
	assert_null(reopen(dir));
	assert_non_null(strstr(warnings, "write to it (chmod o-w)"));
	assert_int_equal(chmod(dir, 0755), 0);
	shows(dir, "1 command a 192.0.2.7 stop 60\n");
}

/* ---- time -------------------------------------------------------------------------------------- */

static void
a_clock_step_changes_nothing(void **state)
{
	struct journal *journal = reopen(dir);

	(void)state;
	add(journal, "a", "stop", HOUR);
	journal_close(journal);
	wall_shift += 1000 * (int64_t)HOUR;
	shows(dir, A);
	wall_shift -= 2000 * (int64_t)HOUR;
	shows(dir, A);
	pass_time(HOUR + 120000);
	shows(dir, "1 command a 192.0.2.7 stop -2\n");
}

static void
reboot(int64_t off_ms)
{
	struct moment now = real_moment_now();

	boot = "2nd-boot";
	boot_shift = -now.boot_ms + 5000; /* up since 5 s */
	wall_shift += off_ms;
}

static void
a_reboot_leaves_the_time_that_is_left(void **state)
{
	struct journal *journal = reopen(dir);

	(void)state;
	add(journal, "a", "stop", 2 * HOUR);
	add(journal, "b", "stop", HOUR / 2);
	journal_close(journal);
	reboot(HOUR);
	shows(dir, A "2 command b 192.0.2.7 stop 0\n"); /* not before the boot */
	pass_time(HOUR / 2);
	shows(dir, "1 command a 192.0.2.7 stop 30\n2 command b 192.0.2.7 stop -30\n");
}

static void
a_clock_lost_in_a_reboot_opens_nothing_for_longer(void **state)
{
	struct journal *journal = reopen(dir);

	(void)state;
	add(journal, "a", "stop", HOUR);
	journal_close(journal);
	reboot(-1000 * (int64_t)HOUR);
	shows(dir, A);
}

static void
a_boot_without_a_name_counts_as_another(void **state)
{
	struct journal *journal;

	(void)state;
	boot = "-";
	journal = reopen(dir);
	add(journal, "a", "stop", HOUR);
	journal_close(journal);
	boot_shift += 7 * HOUR;
	shows(dir, A);
}

static int64_t
monotonic_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static void
wait_for_new_file(ino_t old)
{
	int64_t deadline = monotonic_us() + PATIENCE_MS * 1000LL;

	while (inode(dir) == old) {
		assert_true(monotonic_us() < deadline);
		usleep(10000);
	}
}

/* A machine without a clock chip boots in the past; its clock is set later. */
static void
a_clock_set_while_it_runs_counts_after_a_reboot(void **state)
{
	struct journal *journal = reopen(dir);
	ino_t old = inode(dir);

	(void)state;
	add(journal, "a", "stop", 2 * HOUR);
	wall_shift += 1000 * (int64_t)HOUR;
	add(journal, "b", "stop", HOUR);
	wait_for_new_file(old);
	journal_close(journal);
	reboot(HOUR);
	shows(dir, A "2 command b 192.0.2.7 stop 0\n");
}

/* ---- faults ------------------------------------------------------------------------------------ */

static void
wait_for_warning(struct journal *journal, const char *text)
{
	struct pollfd fd = { .fd = journal_fd(journal), .events = POLLIN };

	while (!strstr(warnings, text)) {
		if (poll(&fd, 1, PATIENCE_MS) != 1)
			fail_msg("no \"%s\" in: %s", text, warnings);
		journal_report(journal);
	}
}

static void
limit_files_to(rlim_t len)
{
	struct rlimit limit = { len, RLIM_INFINITY };

	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void
write_until_the_disk_is_full(struct journal *journal, size_t len, bool held)
{
	limit_files_to(len);
	if (held)
		journal_hold(journal);
	add(journal, "a", "stop", HOUR);
	add(journal, "b", "stop", HOUR);
	journal_move(journal, 1, moment_after(moment_now(), 2 * HOUR));
	journal_end(journal, 2);
	add(journal, "c", "stop", HOUR);
	journal_release(journal);
	limit_files_to(RLIM_INFINITY);
}

/* The disk is full after any number of bytes: a crash then finds the whole lines, and the next rewrite has all. */
static void
fail_at_any_byte(bool held)
{
	static const char *const expected[] = { "", "", A, A B, A_2 B, A_2, A_2 C };
	char text[2048];
	size_t len = write_six_lines(text, sizeof(text)), first = (size_t)(strchr(text, '\n') + 1 - text);

	signal(SIGXFSZ, SIG_IGN);
	for (size_t i = first; i < len; i++) {
		struct journal *journal;
		size_t lines = 0;

		for (size_t k = 0; k < i; k++)
			lines += text[k] == '\n';
		remove_files(dir);
		journal = reopen(dir);
		write_until_the_disk_is_full(journal, i, held);
		assert_non_null(strstr(warnings, "will not survive a restart: File too large\n"));
		assert_null(strstr(strchr(warnings, '\n') + 1, "File too large"));
		shows_after_a_crash(expected[lines]);
		journal_close(journal);
		shows(dir, expected[LINES]);
	}
}

static void
a_write_may_fail_at_any_byte(void **state)
{
	(void)state;
	fail_at_any_byte(false);
}

static void
a_write_of_many_lines_may_fail_at_any_byte(void **state)
{
	(void)state;
	fail_at_any_byte(true);
}

/* When the write of held lines fails, none of them counts as kept. */
static void
held_lines_that_were_not_written_are_not_kept(void **state)
{
	struct journal *journal = reopen(dir);

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	add(journal, "a", "stop", HOUR);
	write_until_the_disk_is_full(journal, 300, true);
	assert_true(journal_keeps(journal, 1));
	for (uint64_t id = 2; id <= 4; id++)
		assert_false(journal_keeps(journal, id));
	wait_for_warning(journal, "written again, and complete");
	assert_true(journal_keeps(journal, 4));
	journal_close(journal);
}

static void
a_failed_sync_is_made_good(void **state)
{
	struct journal *journal = reopen(dir);
	ino_t old = inode(dir);

	(void)state;
	sync_error = EIO;
	add(journal, "a", "stop", HOUR);
	wait_for_warning(journal, strerror(EIO));
	sync_error = 0;
	wait_for_warning(journal, "written again, and complete");
	assert_true(inode(dir) != old);
	shows_after_a_crash(A);
	journal_close(journal);
}

static void
fill_disk(void)
{
	char block[4096] = "x";
	int fd = open(path_in(dir, "fill"), O_WRONLY | O_CREAT, 0600);

	assert_true(fd >= 0);
	while (write(fd, block, sizeof(block)) > 0)
		;
	close(fd);
}

static unsigned
count_of(const char *text)
{
	unsigned n = 0;

	for (const char *p = warnings; (p = strstr(p, text)); p++)
		n++;
	return n;
}

static void
a_full_disk_is_a_warning_a_minute(void **state)
{
	struct journal *journal;
	uint64_t last = 0;

	(void)state;
	if (!can_mount || mount("tmpfs", dir, "tmpfs", 0, "size=64k,mode=755"))
		SKIP("no mount namespace here");
	journal = reopen(dir);
	fill_disk();
	for (int i = 0; i < 1000; i++)
		last = add(journal, "x", "stop", HOUR);
	assert_int_equal(count_of("No space left on device"), 1);
	pass_time(JOURNAL_WARN_MSEC);
	wait_for_warning(journal, "No space left on device\njournal: ");
	assert_int_equal(count_of("No space left on device"), 2);
	for (uint64_t id = 1; id < last; id++)
		journal_end(journal, id);
	unlink(path_in(dir, "fill"));
	wait_for_warning(journal, "written again, and complete");
	shows_after_a_crash("1000 command x 192.0.2.7 stop 59\n");
	journal_close(journal);
}

static void
a_full_disk_at_the_start_is_a_warning(void **state)
{
	struct journal *journal;

	(void)state;
	if (!can_mount || mount("tmpfs", dir, "tmpfs", 0, "size=64k,mode=755"))
		SKIP("no mount namespace here");
	journal = reopen(dir);
	add(journal, "a", "stop", HOUR);
	journal_close(journal);
	fill_disk();
	journal = reopen(dir);
	assert_string_equal(found, A);
	assert_int_equal(count_of("No space left on device"), 1);
	assert_int_equal(add(journal, "b", "stop", HOUR), 2);
	assert_true(journal_keeps(journal, 1));
	assert_false(journal_keeps(journal, 2));
	shows_after_a_crash(A);
	unlink(path_in(dir, "fill"));
	journal_report(journal);
	journal_close(journal); /* the last try to write */
	shows(dir, A B);
}

static void
a_read_only_disk_is_handed_over_and_written_later(void **state)
{
	struct journal *journal;

	(void)state;
	if (!can_mount || mount("tmpfs", dir, "tmpfs", 0, "size=64k,mode=755"))
		SKIP("no mount namespace here");
	journal = reopen(dir);
	add(journal, "a", "stop", HOUR);
	journal_close(journal);
	assert_int_equal(mount("none", dir, "none", MS_REMOUNT | MS_RDONLY, NULL), 0);
	journal = reopen(dir);
	assert_non_null(journal);
	assert_string_equal(found, A);
	assert_int_equal(count_of("will not survive a restart: Read-only file system"), 1);
	add(journal, "b", "stop", HOUR);
	assert_int_equal(count_of("Read-only"), 1);
	assert_int_equal(mount("none", dir, "none", MS_REMOUNT, NULL), 0);
	wait_for_warning(journal, "written again, and complete");
	assert_true(journal_keeps(journal, 2));
	assert_false(journal_keeps(journal, 0));
	shows_after_a_crash(A B);
	journal_close(journal);
}

/* ---- size -------------------------------------------------------------------------------------- */

/* Lines held during a rewrite are in the new file once: a second copy would count as a damaged line. */
static void
written_anew_while_lines_are_held(void **state)
{
	struct journal *journal = reopen(dir);
	ino_t old = inode(dir);

	(void)state;
	wall_shift += HOUR;
	add(journal, "a", "stop", HOUR);
	journal_hold(journal);
	add(journal, "b", "stop", HOUR);
	journal_move(journal, 1, moment_after(moment_now(), 2 * HOUR));
	wait_for_new_file(old);
	add(journal, "c", "stop", HOUR);
	journal_end(journal, 2);
	journal_release(journal);
	shows_after_a_crash(A_2 C);
	assert_string_equal(warnings, "");
	journal_close(journal);
	shows(dir, A_2 C);
}

/* Random operations during rewrites must agree with a plain array. */
static void
written_anew_while_it_works(void **state)
{
	static uint64_t ids[MODEL];
	static char expected[16384];
	int64_t deadline = monotonic_us() + PATIENCE_MS * 1000LL;
	struct journal *journal = reopen(dir);
	unsigned seed = 20260101, anew = 0;
	ino_t old = inode(dir);

	(void)state;
	while (anew < 3) {
		uint64_t *id = &ids[(unsigned)rand_r(&seed) % MODEL];

		if (rand_r(&seed) % 16 == 0)
			rand_r(&seed) % 2 ? journal_hold(journal) : journal_release(journal);
		if (!*id) {
			*id = add(journal, "d", "stop", HOUR);
		} else if (rand_r(&seed) % 4) {
			journal_move(journal, *id, moment_after(moment_now(), HOUR));
		} else {
			journal_end(journal, *id);
			*id = 0;
		}
		anew += inode(dir) != old;
		old = inode(dir);
		assert_true(monotonic_us() < deadline);
	}
	journal_release(journal);
	/* sorted by id, the only difference between them */
	for (size_t n = 0, used = 0; n < MODEL; n++) {
		uint64_t least = UINT64_MAX;
		size_t at = 0;

		for (size_t i = 0; i < MODEL; i++)
			if (ids[i] && ids[i] < least)
				least = ids[at = i];
		if (least == UINT64_MAX)
			break;
		ids[at] = 0;
		used += (size_t)snprintf(expected + used, sizeof(expected) - used,
					 "%" PRIu64 " command d 192.0.2.7 stop 60\n", least);
	}
	shows_after_a_crash(expected);
	journal_close(journal);
	assert_string_equal(warnings, "");
	shows(dir, expected);
}

#define MANY 100000

static void
a_hundred_thousand_take_little_time(void **state)
{
	static char element[] = "inet filter ssh_ok { 192.0.2.7 . tcp . 22 timeout 1h }";
	struct journal *journal;
	int64_t start, worst = 0;
	clock_t ticks;
	ino_t old;

	(void)state;
	journal = reopen(dir);
	start = monotonic_us();
	for (int i = 0; i < MANY; i++) {
		int64_t before = monotonic_us(), took;

		assert_true(add(journal, "openSSH", element, HOUR));
		took = monotonic_us() - before;
		worst = took > worst ? took : worst;
	}
	print_message("# %d appended: %.1f us each, at worst %" PRId64 " us\n", MANY,
		      (double)(monotonic_us() - start) / MANY, worst);
	journal_close(journal);

	start = monotonic_us();
	ticks = clock();
	journal = reopen(dir);
	ticks = clock() - ticks;
	assert_int_equal(n_found, MANY);
	print_message("# %d opened and written anew: %" PRId64 " ms, %ld of them at work\n", MANY,
		      (monotonic_us() - start) / 1000, (long)ticks * 1000 / CLOCKS_PER_SEC);
#ifndef SANITIZERS
	/* processor time, which does not grow with the load of the machine */
	assert_true(ticks < CLOCKS_PER_SEC * slowness());
#endif

	/* a clock step causes a rewrite of all, while new lines are appended */
	old = inode(dir);
	wall_shift += HOUR;
	worst = 0;
	for (int64_t deadline = monotonic_us() + PATIENCE_MS * 1000LL; inode(dir) == old;) {
		int64_t before = monotonic_us(), took;

		journal_end(journal, add(journal, "openSSH", element, HOUR));
		took = monotonic_us() - before;
		worst = took > worst ? took : worst;
		assert_true(monotonic_us() < deadline);
		usleep(20);
	}
	print_message("# appended while %d were written anew: at worst %" PRId64 " us\n", MANY, worst);
	journal_close(journal);
	assert_string_equal(warnings, "");
	journal = reopen(dir);
	assert_int_equal(n_found, MANY);
	journal_close(journal);
}

/* ---- main -------------------------------------------------------------------------------------- */

static int
write_line(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

	if (fd >= 0)
		close(fd);
	return n < 0 ? -1 : 0;
}

/* A mount namespace, so that disks can be small and read-only. */
static bool
enter_namespace(void)
{
	unsigned uid = geteuid(), gid = getegid();
	char users[32], groups[32];

	snprintf(users, sizeof(users), "0 %u 1", uid);
	snprintf(groups, sizeof(groups), "0 %u 1", gid);
	if (uid ? unshare(CLONE_NEWUSER | CLONE_NEWNS) || write_line("/proc/self/setgroups", "deny") ||
		      write_line("/proc/self/uid_map", users) || write_line("/proc/self/gid_map", groups)
		: unshare(CLONE_NEWNS))
		return false;
	return !mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) &&
	       !mount("tmpfs", "/tmp", "tmpfs", 0, "mode=755");
}

static int
set_up_all(void **state)
{
	(void)state;
	umask(022);
	can_mount = !getenv("JOURNAL_ON_DISK") && enter_namespace();
	return mkdtemp(base) ? 0 : -1;
}

static int
tear_down_all(void **state)
{
	(void)state;
	return rmdir(base) || (can_mount && umount2("/tmp", MNT_DETACH)) ? -1 : 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(accesses_that_have_not_ended_come_back),
		TEST(a_line_is_in_the_file_at_once),
		TEST(held_lines_are_written_on_release),
		TEST(held_lines_are_written_on_request),
		TEST(few_bytes_are_held),
		TEST(without_a_journal_nothing_is_kept),
		TEST(descriptors_are_not_inherited),
		TEST(signals_are_left_to_the_caller),
		TEST(a_tail_torn_anywhere_leaves_what_precedes_it),
		TEST(a_damaged_byte_costs_one_line),
		TEST(no_id_is_used_twice_even_if_its_first_line_was_lost),
		TEST(an_unknown_version_is_set_aside),
		TEST(a_file_of_another_user_is_set_aside),
		TEST(what_is_not_taken_over_is_forgotten),
		TEST(a_line_that_is_too_long_is_one_damaged_line),
		TEST(who_else_may_write_is_not_believed),
		TEST(the_directory_is_made),
		TEST(only_one_instance_has_the_journal),
		TEST(only_a_regular_file_is_accepted),
		TEST(a_clock_step_changes_nothing),
		TEST(a_reboot_leaves_the_time_that_is_left),
		TEST(a_clock_lost_in_a_reboot_opens_nothing_for_longer),
		TEST(a_boot_without_a_name_counts_as_another),
		TEST(a_clock_set_while_it_runs_counts_after_a_reboot),
		TEST(a_write_may_fail_at_any_byte),
		TEST(a_write_of_many_lines_may_fail_at_any_byte),
		TEST(held_lines_that_were_not_written_are_not_kept),
		TEST(a_failed_sync_is_made_good),
		TEST(a_full_disk_is_a_warning_a_minute),
		TEST(a_full_disk_at_the_start_is_a_warning),
		TEST(a_read_only_disk_is_handed_over_and_written_later),
		TEST(written_anew_while_lines_are_held),
		TEST(written_anew_while_it_works),
		TEST(a_hundred_thousand_take_little_time),
	};

	return cmocka_run_group_tests_name("journal", tests, set_up_all, tear_down_all);
}
