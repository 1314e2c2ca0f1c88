/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file of the users' keys, and the server's. */
#include "test.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "signed/authorized.h"
#include "signed/serverkey.h"

#define ALICE "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBfLefsrQSDysexl5BmNbgiyjoE/6wHkpACDm4XhgIDO"
#define BOB   "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMaCJjfH0xDsV2J74AuiWdJTdJ9Kr2REcM/75To19zJC"
#define STICK                         \
	"sk-ssh-ed25519@openssh.com " \
	"AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIMaCJjfH0xDsV2J74AuiWdJTdJ9Kr2REcM/75To19zJCAAAABHNzaDo="

static int
set_up(void **state)
{
	(void)state;
	return knock1_start();
}

static const char *
take(struct authorized *a, const char *text)
{
	char *line = strdup(text);
	const char *wrong = authorized_line(a, line, 1);

	free(line);
	return wrong;
}

/* The key of the line alone, which must be good. */
static struct authorized_key *
only(struct authorized *a, const char *text)
{
	const char *wrong;

	authorized_free(a);
	wrong = take(a, text);
	if (wrong)
		fail_msg("%s: %s", text, wrong);
	assert_int_equal(a->n, 1);
	return &a->at[0];
}

static struct addr
addr(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, text), 0);
	return a;
}

static bool
from(struct authorized *a, const char *list, const char *ip)
{
	char line[512];
	struct addr address = addr(ip);

	snprintf(line, sizeof(line), "from=\"%s\" " ALICE " alice", list);
	return authorized_from(only(a, line), &address);
}

static void
options(void **state)
{
	struct authorized a = { .n = 0 };
	const struct authorized_key *k = only(&a, ALICE " alice@laptop of hers");

	(void)state;
	assert_string_equal(k->user, "alice@laptop of hers");
	assert_true(authorized_door(k, "any") && authorized_port(k, IPPROTO_TCP, 1) && !k->expiry);
	k = only(&a, "user=\"ann, of \\x\" " ALICE " a comment");
	assert_string_equal(k->user, "ann, of \\x");
	authorized_free(&a);
}

static void
doors_and_ports(void **state)
{
	struct authorized a = { .n = 0 };
	const struct authorized_key *k =
	    only(&a, " User=\"alice\",doors=\"ssh,in ner\",ports=\"22,53:udp\",max-time=8h,other-address\t" ALICE);

	(void)state;
	assert_string_equal(k->user, "alice");
	assert_true(authorized_door(k, "ssh") && authorized_door(k, "in ner"));
	assert_false(authorized_door(k, "ss") || authorized_door(k, "sshd") || authorized_door(k, "ner"));
	assert_true(authorized_port(k, IPPROTO_TCP, 22) && authorized_port(k, IPPROTO_UDP, 53));
	assert_false(authorized_port(k, IPPROTO_UDP, 22));
	assert_int_equal(k->max_seconds, 8 * 3600);
	assert_true(k->other_address);
	k = only(&a, "no-touch-required,verify-required " STICK " bob");
	assert_true(k->no_touch && k->verify && k->key.fido);
	assert_string_equal(k->key.application, "ssh:");
	authorized_free(&a);
}

static void
networks(void **state)
{
	struct authorized a = { .n = 0 };

	(void)state;
	assert_true(from(&a, "192.0.2.0/24,2001:db8::/32", "192.0.2.9"));
	assert_true(from(&a, "192.0.2.0/24,2001:db8::/32", "2001:db8::9"));
	assert_false(from(&a, "192.0.2.0/24", "192.0.3.9"));
	assert_false(from(&a, "!192.0.2.7,192.0.2.0/24", "192.0.2.7"));
	assert_false(from(&a, "192.0.2.0/24,!192.0.2.7", "192.0.2.7"));
	assert_true(from(&a, "192.0.2.*,!192.0.2.?", "192.0.2.77"));
	assert_false(from(&a, "192.0.2.*,!192.0.2.?", "192.0.2.7"));
	assert_false(from(&a, "!192.0.2.7", "192.0.2.8")); /* as in sshd: nothing has fitted */
	authorized_free(&a);
}

static void
expiry(void **state)
{
	struct authorized a = { .n = 0 };

	(void)state;
	setenv("TZ", "CET-1", 1);
	tzset();
	assert_int_equal(only(&a, "expiry-time=\"20270131Z\" " ALICE " a")->expiry, 1801353600);
	assert_int_equal(only(&a, "expiry-time=\"20270131\" " ALICE " a")->expiry, 1801353600 - 3600);
	assert_int_equal(only(&a, "expiry-time=202701310102 " ALICE " a")->expiry, 1801353600 + 120);
	assert_int_equal(only(&a, "expiry-time=20270131000005z " ALICE " a")->expiry, 1801353605);
	authorized_free(&a);
}

static void
mistakes(void **state)
{
	static const char *const lines[] = {
		ALICE,                     /* no name */
		"user=\"a\"",              /* no key */
		"user=\"a " ALICE " x",    /* quote */
		"user=\"a\"x " ALICE " x", /* text behind the quote */
		"user " ALICE " x",        /* no value */
		"user=\"\" " ALICE " x",
		"other-address=yes " ALICE " x",
		"command=\"id\" " ALICE " x", /* sshd's, not ours */
		"restrict " ALICE " x",
		"from=\"host.example.com\" " ALICE " x",
		"from=\"*.example.com\" " ALICE " x",
		"expiry-time=2027 " ALICE " x",
		"expiry-time=20271331 " ALICE " x",
		"expiry-time=20270131X " ALICE " x",
		"ports=0 " ALICE " x",
		"max-time=ages " ALICE " x",
		"max-time=10ms " ALICE " x",
		"no-touch-required " ALICE " x", /* no security key */
		"user=\"a\",, " ALICE " x",
		"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQ== x",
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBfLefsrQSDysexl5BmNbgiyjoE x", /* cut */
		"ssh-ed25519 !!!! x",
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA x", /* weak */
		"sk-ssh-ed25519@openssh.com AAAAC3NzaC1lZDI1NTE5AAAAIBfLefsrQSDysexl5BmNbgiyjoE/6wHkpACDm4XhgIDO x",
	};
	struct authorized a = { .n = 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (!take(&a, lines[i]))
			fail_msg("accepted: %s", lines[i]);
	assert_int_equal(a.n, 0);
	assert_null(take(&a, "  # a comment"));
	assert_null(take(&a, ""));
	assert_null(take(&a, ALICE " alice"));
	assert_string_equal(take(&a, "user=\"eve\" " ALICE), "the key is in a line above");
	assert_null(take(&a, BOB " bob"));
	assert_int_equal(a.n, 2);
	assert_string_equal(authorized_find(&a, a.at[1].id)->user, "bob");
	authorized_free(&a);
}

struct told {
	int lines[8];
	size_t n;
};

static void
tell(void *arg, int line, const char *text)
{
	struct told *told = arg;

	assert_non_null(text);
	told->lines[told->n++] = line;
}

static int
file_with(const char *text, mode_t mode, char *path)
{
	int fd;

	strcpy(path, "/tmp/knockd-keys.XXXXXX");
	fd = mkstemp(path);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	fchmod(fd, mode);
	close(fd);
	return open(path, O_RDONLY);
}

static void
files(void **state)
{
	struct authorized a;
	struct told told = { .n = 0 };
	char path[64];

	(void)state;
	assert_int_equal(authorized_read(&a, file_with("# us\n" ALICE " a\nnonsense\n" BOB " b\n", 0644, path),
					 getuid(), tell, &told),
			 0);
	assert_int_equal(a.n, 2);
	assert_int_equal(told.n, 1);
	assert_int_equal(told.lines[0], 3);
	authorized_free(&a);
	unlink(path);
	assert_int_equal(authorized_read(&a, file_with(ALICE " a\n", 0666, path), getuid(), tell, &told), -1);
	assert_int_equal(told.lines[1], 0);
	assert_int_equal(a.n, 0);
	unlink(path);
	assert_int_equal(authorized_read(&a, -1, getuid(), tell, &told), -1);
}

static void
server_keys(void **state)
{
	struct serverkeys keys;
	char path[64], copy[80], err[256] = "";
	struct stat st;
	int fd = file_with("", 0600, path);

	(void)state;
	assert_int_equal(serverkeys_read(&keys, fd, getuid(), err, sizeof(err)), -1);
	assert_non_null(strstr(err, "holds no key"));
	assert_int_equal(serverkey_generate(path), -1); /* never over a file that is there */
	snprintf(copy, sizeof(copy), "%s.key", path);
	assert_int_equal(serverkey_generate(copy), 0);
	assert_int_equal(stat(copy, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(serverkeys_read(&keys, open(copy, O_RDONLY), getuid(), err, sizeof(err)), 0);
	assert_int_equal(keys.n, 1);
	chmod(copy, 0640);
	assert_int_equal(serverkeys_read(&keys, open(copy, O_RDONLY), getuid(), err, sizeof(err)), -1);
	assert_non_null(strstr(err, "chmod 600"));
	unlink(copy);
	unlink(path);
	fd = file_with("knock1-key AAAA\n", 0600, path);
	assert_int_equal(serverkeys_read(&keys, fd, getuid(), err, sizeof(err)), -1);
	assert_non_null(strstr(err, "line 1"));
	assert_null(strstr(err, "AAAA"));
	unlink(path);
}

static void
a_code_beside_the_key(void **state)
{
	struct authorized a = { .n = 0 };

	(void)state;
	assert_true(only(&a, "user=\"alice\",totp " ALICE)->totp);
	assert_false(only(&a, "user=\"alice\" " ALICE)->totp);
	authorized_free(&a);
	assert_string_equal(take(&a, "totp=\"GEZDGNBV\" " ALICE " alice"), "an option has a value that takes none");
	authorized_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options),         cmocka_unit_test(a_code_beside_the_key),
		cmocka_unit_test(doors_and_ports), cmocka_unit_test(networks),
		cmocka_unit_test(expiry),          cmocka_unit_test(mistakes),
		cmocka_unit_test(files),           cmocka_unit_test(server_keys),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
