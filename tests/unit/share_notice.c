/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Notices and their seal. */
#include "test.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "share/notice.h"
#include "share/seal.h"

static struct seal_keys keys, other_keys;

static int
make_keys(void **state)
{
	const uint8_t secret[SEAL_KEY_LEN] = { 1 }, other[SEAL_KEY_LEN] = { 2 };

	(void)state;
	if (sodium_init() < 0)
		return -1;
	seal_derive(&keys.at[0], secret);
	seal_derive(&other_keys.at[0], other);
	keys.n = other_keys.n = 1;
	return 0;
}

static struct notice
grant(void)
{
	struct notice n = { .kind = NOTICE_GRANT,
			    .proto = IPPROTO_TCP,
			    .port = 22,
			    .origin = 1,
			    .run = 2,
			    .seq = 3,
			    .hlc = 4,
			    .author = 5,
			    .left_ms = 600000,
			    .end_ms = 1700000600000,
			    .text = "alice" };

	notice_door_id("ssh", n.door);
	addr_parse(&n.ip, "192.0.2.7");
	return n;
}

static void
packed_and_unpacked(void **state)
{
	struct notice n = grant(), back;
	uint8_t bytes[NOTICE_LEN], again[NOTICE_LEN];

	(void)state;
	notice_pack(&n, bytes);
	assert_int_equal(notice_unpack(&back, bytes), 0);
	notice_pack(&back, again);
	assert_memory_equal(bytes, again, sizeof(bytes));
	assert_string_equal(back.text, "alice");
	assert_int_equal(back.port, 22);
	assert_true(addr_equal(&back.ip, &n.ip));
	assert_true(back.hlc == 4 && back.author == 5 && back.seq == 3);
}

static struct notice
reset(void)
{
	return (struct notice){ .kind = NOTICE_RESET,
				.hlc = 4,
				.key = { 1, 2 },
				.counter = 5,
				.reset = 4,
				.left_ms = 600000,
				.end_ms = 1700000600000 };
}

/* A counter's reset is where an earlier version has zeros, which it does not look at. */
static void
resets(void **state)
{
	struct notice n = reset(), counter = n, back;
	struct share_message one = { .kind = SHARE_PUT }, two = one;
	uint8_t bytes[NOTICE_LEN], user[SHARE_ID], again[SHARE_ID];

	(void)state;
	notice_pack(&n, bytes);
	assert_int_equal(notice_unpack(&back, bytes), 0);
	assert_true(back.reset == 4 && back.counter == 5);
	counter.kind = NOTICE_COUNTER;
	notice_pack(&counter, bytes);
	assert_int_equal(bytes[55], 4);
	assert_int_equal(notice_unpack(&back, bytes), 0);
	assert_true(back.reset == 4);
	seal_notice(&keys, &counter, &one);
	counter.reset = 0;
	seal_notice(&keys, &counter, &two);
	assert_memory_equal(one.id, two.id, SHARE_ID);
	seal_notice(&keys, &n, &two);
	assert_memory_not_equal(one.id, two.id, SHARE_ID);
	seal_user_id(&keys.at[0], n.key, 0, user);
	seal_user_id(&keys.at[0], n.key, 4, again);
	assert_memory_not_equal(user, again, SHARE_ID);
}

/* One bit in a byte that must be zero, or in the version. */
static void
each_unused_byte_is_zero(void **state)
{
	static const size_t unused[] = { 0, 2, 5, 60, 71, 152, 159 };
	struct notice n = grant(), back;
	uint8_t bytes[NOTICE_LEN];

	(void)state;
	for (size_t i = 0; i < sizeof(unused) / sizeof(unused[0]); i++) {
		notice_pack(&n, bytes);
		bytes[unused[i]] ^= 0x80;
		assert_int_equal(notice_unpack(&back, bytes), -1);
	}
}

static void
refused(const struct notice *n)
{
	uint8_t bytes[NOTICE_LEN];
	struct notice back;

	notice_pack(n, bytes);
	assert_int_equal(notice_unpack(&back, bytes), -1);
}

static void
nonsense_is_refused(void **state)
{
	struct notice n = grant();

	(void)state;
	n.kind = NOTICE_KINDS;
	refused(&n);
	n = grant();
	n.proto = IPPROTO_ICMP;
	refused(&n);
	n = grant();
	n.proto = 0;
	refused(&n);
	n = grant();
	n.hlc = 0;
	refused(&n);
	n = grant();
	n.end_ms = 0;
	refused(&n);
	n = grant();
	n.left_ms = SHARE_LEFT_MAX + 1;
	refused(&n);
	n = grant();
	addr_parse(&n.ip, "224.0.0.1");
	refused(&n);
	n = grant();
	n.ip.family = 0;
	refused(&n);
	n = grant();
	n.kind = NOTICE_HELLO;
	refused(&n);
	n = (struct notice){ .kind = NOTICE_COUNTER, .hlc = 1 };
	refused(&n);
	n = reset();
	n.reset = 0;
	refused(&n);
	n = reset();
	n.counter = 0;
	refused(&n);
	n = reset();
	n.left_ms = 0;
	n.end_ms = 0;
	refused(&n);
}

/* It goes into the log and into the comments of elements. */
static void
names_are_harmless(void **state)
{
	struct notice n = grant(), back;
	uint8_t bytes[NOTICE_LEN];

	(void)state;
	strcpy(n.text, "a\nb\x1b");
	notice_pack(&n, bytes);
	assert_int_equal(notice_unpack(&back, bytes), 0);
	assert_null(strpbrk(back.text, "\n\x1b"));
	memset(n.text, 'x', sizeof(n.text));
	notice_pack(&n, bytes);
	assert_int_equal(notice_unpack(&back, bytes), 0);
	assert_int_equal(strlen(back.text), NOTICE_TEXT - 1);
}

static void
time_left(void **state)
{
	struct notice n = grant();
	const int64_t told = 1700000000000; /* its end is 600 s later */

	(void)state;
	assert_int_equal(notice_left(&n, 0, told), 600000);
	assert_int_equal(notice_left(&n, 0, told + 300000), 310000);
	assert_int_equal(notice_left(&n, 290000, told + 300000), 290000);
	assert_int_equal(notice_left(&n, 900000, told), 600000);
	assert_int_equal(notice_left(&n, 0, told - 3600000), 600000);
	assert_int_equal(notice_left(&n, 0, told + 609999), 1);
	assert_int_equal(notice_left(&n, 0, told + 610000), 0);
	n.left_ms = 0;
	n.end_ms = 0;
	assert_true(notice_left(&n, 0, told) == UINT64_MAX);
}

static void
newer(void **state)
{
	struct notice a = grant(), b = grant();

	(void)state;
	assert_false(notice_is_newer(&a, &b));
	b.hlc++;
	assert_true(notice_is_newer(&b, &a));
	assert_false(notice_is_newer(&a, &b));
	b.hlc = a.hlc;
	b.author++;
	assert_true(notice_is_newer(&b, &a));
}

static void
sealed_and_opened(void **state)
{
	struct notice n = grant(), back;
	struct share_message m = { .kind = SHARE_PUT }, again = m;
	const struct seal_key *key;

	(void)state;
	seal_notice(&keys, &n, &m);
	assert_int_equal(seal_open(&keys, &m, &back, &key), 0);
	assert_ptr_equal(key, &keys.at[0]);
	assert_string_equal(back.text, "alice");
	seal_notice(&keys, &n, &again);
	assert_memory_equal(m.id, again.id, SHARE_ID);
	assert_memory_not_equal(m.sealed, again.sealed, SHARE_SEALED);
	assert_int_equal(seal_open(&other_keys, &m, &back, &key), -1);
}

static void
each_flipped_bit_is_found(void **state)
{
	struct notice n = grant(), back;
	struct share_message m = { .kind = SHARE_PUT };
	const struct seal_key *key;

	(void)state;
	seal_notice(&keys, &n, &m);
	for (size_t i = 0; i < 8 * SHARE_SEALED; i++) {
		m.sealed[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_int_equal(seal_open(&keys, &m, &back, &key), -1);
		m.sealed[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (size_t i = 0; i < 8 * SHARE_ID; i++) {
		m.id[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_int_equal(seal_open(&keys, &m, &back, &key), -1);
		m.id[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	assert_int_equal(seal_open(&keys, &m, &back, &key), 0);
}

/* The server puts a record in the place of another. */
static void
swapped_records_are_found(void **state)
{
	struct notice a = grant(), b = grant(), back;
	struct share_message ma = { .kind = SHARE_PUT }, mb = ma;
	const struct seal_key *key;

	(void)state;
	addr_parse(&b.ip, "192.0.2.8");
	seal_notice(&keys, &a, &ma);
	seal_notice(&keys, &b, &mb);
	assert_memory_not_equal(ma.id, mb.id, SHARE_ID);
	memcpy(ma.sealed, mb.sealed, SHARE_SEALED);
	assert_int_equal(seal_open(&keys, &ma, &back, &key), -1);
}

/* A revoke takes the place of the grant; nothing else does. */
static void
ids(void **state)
{
	struct notice n = grant();
	struct share_message m = { .kind = 0 }, other = m;

	(void)state;
	seal_notice(&keys, &n, &m);
	n.kind = NOTICE_REVOKE;
	n.hlc++;
	seal_notice(&keys, &n, &other);
	assert_memory_equal(m.id, other.id, SHARE_ID);
	n.port = 443;
	seal_notice(&keys, &n, &other);
	assert_memory_not_equal(m.id, other.id, SHARE_ID);
	n = grant();
	notice_door_id("web", n.door);
	seal_notice(&keys, &n, &other);
	assert_memory_not_equal(m.id, other.id, SHARE_ID);
	n = grant();
	n.kind = NOTICE_BAN;
	seal_notice(&keys, &n, &other);
	assert_memory_not_equal(m.id, other.id, SHARE_ID);
}

static void
while_rotating(void **state)
{
	struct seal_keys both = { .at = { other_keys.at[0], keys.at[0] }, .n = 2 };
	struct notice n = grant(), back;
	struct share_message m = { .kind = 0 };
	const struct seal_key *key;

	(void)state;
	seal_notice(&keys, &n, &m);
	assert_int_equal(seal_open(&both, &m, &back, &key), 0);
	assert_ptr_equal(key, &both.at[1]);
	seal_notice(&both, &n, &m);
	assert_int_equal(seal_open(&keys, &m, &back, &key), -1);
	assert_int_equal(seal_open(&both, &m, &back, &key), 0);
}

static void
key_files(void **state)
{
	char path[] = "/tmp/share-key-XXXXXX", err[256];
	int fd = mkstemp(path);
	struct seal_keys read;
	struct stat st;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(seal_generate(path), -1); /* never over a file */
	close(fd);
	unlink(path);
	assert_int_equal(seal_generate(path), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(seal_read(&read, open(path, O_RDONLY), geteuid(), err, sizeof(err)), 0);
	assert_int_equal(read.n, 1);
	chmod(path, 0640);
	assert_int_equal(seal_read(&read, open(path, O_RDONLY), geteuid(), err, sizeof(err)), -1);
	assert_non_null(strstr(err, "chmod 600"));
	chmod(path, 0600);
	fd = open(path, O_WRONLY | O_TRUNC);
	assert_int_equal(write(fd, "share1-key AAAA\n", 16), 16);
	close(fd);
	assert_int_equal(seal_read(&read, open(path, O_RDONLY), geteuid(), err, sizeof(err)), -1);
	assert_string_equal(err, "line 1: not a key as knockd --share-keygen makes it");
	fd = open(path, O_WRONLY | O_TRUNC);
	close(fd);
	assert_int_equal(seal_read(&read, open(path, O_RDONLY), geteuid(), err, sizeof(err)), -1);
	assert_non_null(strstr(err, "holds no key"));
	unlink(path);
	assert_int_equal(seal_read(&read, open(path, O_RDONLY), geteuid(), err, sizeof(err)), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packed_and_unpacked),
		cmocka_unit_test(resets),
		cmocka_unit_test(each_unused_byte_is_zero),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(names_are_harmless),
		cmocka_unit_test(time_left),
		cmocka_unit_test(newer),
		cmocka_unit_test(sealed_and_opened),
		cmocka_unit_test(each_flipped_bit_is_found),
		cmocka_unit_test(swapped_records_are_found),
		cmocka_unit_test(ids),
		cmocka_unit_test(while_rotating),
		cmocka_unit_test(key_files),
	};

	return cmocka_run_group_tests(tests, make_keys, NULL);
}
