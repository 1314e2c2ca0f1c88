/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "test.h"

#include <string.h>

#include "conf/share_conf.h"

static struct share_conf share;
static char err[256];

static int
parse(const char *text)
{
	share = (struct share_conf){ .engine = SHARE_NONE };
	*err = '\0';
	return share_conf_parse(&share, text, err, sizeof(err));
}

static void
host_is(size_t i, const char *name, uint16_t port)
{
	assert_true(i < share.n_hosts);
	assert_string_equal(share.hosts[i].name, name);
	assert_int_equal(share.hosts[i].port, port);
}

static void
addresses_of_servers(void **state)
{
	(void)state;
	assert_int_equal(parse("redis://10.0.0.5"), 0);
	assert_int_equal(share.engine, SHARE_TCP);
	assert_string_equal(share.url, "redis://10.0.0.5");
	host_is(0, "10.0.0.5", 6379);
	assert_int_equal(parse("redis://a.example, b.example:6380,[2001:db8::1],[fe80::1%eth0]:7000"), 0);
	assert_int_equal(share.n_hosts, 4);
	host_is(1, "b.example", 6380);
	host_is(2, "2001:db8::1", 6379);
	host_is(3, "fe80::1%eth0", 7000);
	assert_int_equal(parse("unix:/run/valkey.sock"), 0);
	assert_int_equal(share.engine, SHARE_UNIX);
	assert_string_equal(share.path, "/run/valkey.sock");
	assert_int_equal(share.n_hosts, 0);
	assert_int_equal(parse("sentinel://a,b:1,c/main-1"), 0);
	assert_int_equal(share.engine, SHARE_SENTINEL);
	assert_string_equal(share.service, "main-1");
	host_is(0, "a", 26379);
	host_is(1, "b", 1);
}

#ifdef HAVE_OPENSSL
static void
encrypted(void **state)
{
	(void)state;
	assert_int_equal(parse("redis://a"), 0);
	assert_false(share.tls);
	assert_int_equal(parse("rediss://a,b:6380"), 0);
	assert_true(share.tls);
	assert_int_equal(share.engine, SHARE_TCP);
	host_is(0, "a", 6379);
	host_is(1, "b", 6380);
	assert_int_equal(parse("rediss-sentinel://a,b:1/main"), 0);
	assert_true(share.tls);
	assert_int_equal(share.engine, SHARE_SENTINEL);
	assert_string_equal(share.service, "main");
	host_is(0, "a", 26379);
}
#endif

static void
refused(const char *text, const char *why)
{
	assert_int_equal(parse(text), -1);
	assert_non_null(strstr(err, why));
}

static void
bad_addresses(void **state)
{
	(void)state;
	refused("", "is not redis://");
	refused("10.0.0.5", "is not redis://");
	refused("http://10.0.0.5", "is not redis://");
#ifdef HAVE_OPENSSL
	refused("rediss://", "is not a host");
	refused("rediss-sentinel://a", "name of the primary");
#else
	refused("rediss://a", "without OpenSSL: use redis:// through a tunnel, or unix:PATH");
	refused("rediss-sentinel://a/b", "without OpenSSL");
#endif
	refused("sentinels://a/b", "is not redis://");
	refused("redis://", "is not a host");
	refused("redis://a,,b", "is not a host");
	refused("redis://a:0", "is not a host");
	refused("redis://a:65536", "is not a host");
	refused("redis://a:6379x", "is not a host");
	refused("redis://a:", "is not a host");
	refused("redis://[::1", "is not a host");
	refused("redis://[::1]x", "is not a host");
	refused("redis://a/0", "is not a host");
	refused("redis://a b", "is not a host");
	refused("redis://1,2,3,4,5,6,7,8,9,10", "more than 9 hosts");
	refused("redis://user:secret@a", "Share_Login");
	assert_null(strstr(err, "secret"));
	refused("redis://:secret", "item 1 is not a host");
	assert_null(strstr(err, "secret"));
	refused("redis://a,user:secret", "item 2 is not a host");
	assert_null(strstr(err, "secret"));
	refused("sentinel://:secret/main", "is not a host");
	assert_null(strstr(err, "secret"));
	refused("sentinel://a/main:secret", "name of the primary");
	assert_null(strstr(err, "secret"));
	refused("redis:secret", "rediss-sentinel://");
	assert_null(strstr(err, "secret"));
	refused("unix:secret", "absolute path");
	assert_null(strstr(err, "secret"));
	refused("unix:run/x", "absolute path");
	refused("sentinel://a,b", "name of the primary");
	refused("sentinel://a/", "name of the primary");
	refused("sentinel://a/b c", "name of the primary");
	refused("sentinel:///main", "is not a host");
}

static void
long_addresses(void **state)
{
	char text[2000] = "unix:/";

	(void)state;
	memset(text + 6, 'x', 106);
	assert_int_equal(parse(text), 0);
	text[112] = 'x';
	refused(text, "107 bytes");
	strcpy(text, "redis://");
	memset(text + 8, 'x', 253);
	text[8 + 253] = '\0';
	assert_int_equal(parse(text), 0);
	memset(text + 8, 'x', 254);
	refused(text, "is not a host");
	memset(text + 8, ',', 1100);
	refused(text, "more than 1023 bytes");
}

static void
names(void **state)
{
	char longest[SHARE_NAME_LEN + 1] = "";

	(void)state;
	assert_true(share_conf_is_name("main-1_A.b"));
	assert_false(share_conf_is_name(""));
	assert_false(share_conf_is_name("a b"));
	assert_false(share_conf_is_name("a}"));
	assert_false(share_conf_is_name("\xc3\xa4"));
	memset(longest, 'x', SHARE_NAME_LEN);
	assert_false(share_conf_is_name(longest));
	longest[SHARE_NAME_LEN - 1] = '\0';
	assert_true(share_conf_is_name(longest));
}

static void
freed_and_wiped(void **state)
{
	(void)state;
	share = (struct share_conf){ .key_path = strdup("/k"), .login = { .password = "secret" } };
	share_conf_free(&share);
	assert_null(share.key_path);
	assert_int_equal(*share.login.password, '\0');
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#ifdef HAVE_OPENSSL
		cmocka_unit_test(encrypted),
#endif
		cmocka_unit_test(addresses_of_servers),
		cmocka_unit_test(bad_addresses),
		cmocka_unit_test(long_addresses),
		cmocka_unit_test(names),
		cmocka_unit_test(freed_and_wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
