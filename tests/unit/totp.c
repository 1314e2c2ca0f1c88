/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One-time codes, by the test vectors of RFC 6238, RFC 2202 and RFC 4648. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "lib/sha1.h"
#include "lib/totp.h"

/* RFC 6238, appendix B: the last six of its eight digits. */
static void
codes_of_the_rfc(void **state)
{
	static const struct {
		int64_t seconds;
		uint32_t code;
	} vectors[] = {
		{ 59, 287082 },       { 1111111109, 81804 },  { 1111111111, 50471 },
		{ 1234567890, 5924 }, { 2000000000, 279037 }, { 20000000000, 353130 },
	};
	struct totp_secret secret = { .bytes = "12345678901234567890", .len = 20 };

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		assert_int_equal(totp_code(&secret, totp_step(vectors[i].seconds * 1000)), vectors[i].code);
	assert_int_equal(totp_step(29999), 0);
	assert_int_equal(totp_step(30000), 1);
	assert_int_equal(totp_step(-1), 0);
}

static void
is_mac(const void *key, size_t key_len, const void *data, size_t len, const char *expected)
{
	uint8_t mac[SHA1_LEN];
	char hex[2 * SHA1_LEN + 1];

	sha1_hmac(key, key_len, data, len, mac);
	for (size_t i = 0; i < SHA1_LEN; i++)
		snprintf(hex + 2 * i, 3, "%02x", mac[i]);
	assert_string_equal(hex, expected);
}

/* RFC 2202, and messages around the length of a block, made with another implementation. */
static void
macs_of_the_rfc(void **state)
{
	uint8_t key[80], data[200];

	(void)state;
	memset(key, 0x0b, 20);
	is_mac(key, 20, "Hi There", 8, "b617318655057264e28bc0b6fb378c8ef146be00");
	is_mac("Jefe", 4, "what do ya want for nothing?", 28, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
	memset(key, 0xaa, 20);
	memset(data, 0xdd, 50);
	is_mac(key, 20, data, 50, "125d7342b9ac11cd91a39af48aa17b4f63f175d3");
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)i;
	is_mac(data, 64, data, 55, "cd8c788506ae6be8e22a76b2b00b93ab0a598744");
	is_mac(data, 64, data, 56, "1ab2d9aa82bd7a55af426529ca0ee6f0db22f88e");
	is_mac(data, 64, data, 64, "acb73e9e8351505babc3771ab53ab7e408c1bd4b");
	is_mac(data, 64, data, 119, "326a8e4fc56b1acd7087ede9d71c9fdad47feb4d");
	is_mac(data, 64, data, 120, "2056b22b5ecfd9e8807eec4aab5277aaffc7c1b4");
	is_mac(data, 64, data, 200, "7ef8f99e5cb618f7f624039f757db320ef83bd24");
}

static void
secrets(void **state)
{
	static const char *const bad[] = { "", "GEZDGNBVGY3TQOJQGEZDGNBV", /* 120 bits */
					   "GEZDGNBVGY3TQOJQGEZDGNBVG1", "GEZDGNBVGY3TQOJQ=GEZDGNBVGY3TQOJQ",
					   "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJ\xc3\xa4" };
	struct totp_secret secret;
	char text[TOTP_TEXT_LEN], longest[TOTP_TEXT_LEN + 8];
	const char *why = NULL;

	(void)state;
	assert_int_equal(totp_parse(&secret, "gezd gnbv-gy3tqojq GEZDGNBVGY3TQOJQ", &why), 0);
	assert_int_equal(secret.len, 20);
	assert_memory_equal(secret.bytes, "12345678901234567890", 20);
	assert_string_equal(totp_format(&secret, text), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
	assert_int_equal(totp_parse(&secret, "GEZDGNBVGY3TQOJQGEZDGNBVGY======", &why), 0);
	assert_int_equal(secret.len, 16);
	assert_string_equal(totp_format(&secret, text), "GEZDGNBVGY3TQOJQGEZDGNBVGY");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		why = NULL;
		assert_int_equal(totp_parse(&secret, bad[i], &why), -1);
		assert_non_null(why);
	}
	memset(longest, 'A', sizeof(longest));
	longest[103] = '\0';
	assert_int_equal(totp_parse(&secret, longest, &why), 0);
	assert_int_equal(secret.len, TOTP_SECRET_MAX);
	longest[103] = 'A';
	longest[105] = '\0';
	assert_int_equal(totp_parse(&secret, longest, &why), -1);
	assert_int_equal(strlen(totp_format(&(struct totp_secret){ .len = TOTP_SECRET_MAX }, text)), TOTP_TEXT_LEN - 2);
}

static void
typed_codes(void **state)
{
	static const char *const bad[] = {
		"", "12345", "1234567", "12 3456", "123456 ", "-12345", "123a56", "123  4567"
	};
	uint32_t code;

	(void)state;
	assert_int_equal(totp_parse_code(&code, "005924"), 0);
	assert_int_equal(code, 5924);
	assert_int_equal(totp_parse_code(&code, "492 817"), 0);
	assert_int_equal(code, 492817);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(totp_parse_code(&code, bad[i]), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_of_the_rfc),
		cmocka_unit_test(macs_of_the_rfc),
		cmocka_unit_test(secrets),
		cmocka_unit_test(typed_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
