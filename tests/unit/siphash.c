/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include "lib/siphash.h"

/* Values of an independent SipHash-1-3, Rust's DefaultHasher, whose key is zero. */
static void
agrees_with_another_implementation(void **state)
{
	static const struct {
		size_t len;
		uint64_t hash;
	} expected[] = {
		{ 0, UINT64_C(0xd1fba762150c532c) },  { 1, UINT64_C(0x68a914128e01e473) },
		{ 7, UINT64_C(0x2f098ab0c751325a) },  { 8, UINT64_C(0xead411e67ebe2eea) },
		{ 17, UINT64_C(0x4883c49a2c009c1d) }, { 63, UINT64_C(0x385d3e39e5f37359) },
	};
	uint8_t key[16] = { 0 }, data[64];

	(void)state;
	for (uint8_t i = 0; i < sizeof(data); i++)
		data[i] = i;
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		assert_int_equal(siphash(key, data, expected[i].len), expected[i].hash);
}

static void
depends_on_every_byte_of_the_key(void **state)
{
	uint8_t key[16] = { 0 };
	uint64_t zero = siphash(key, "knock", 5);

	(void)state;
	for (size_t i = 0; i < sizeof(key); i++) {
		key[i] = 1;
		assert_int_not_equal(siphash(key, "knock", 5), zero);
		key[i] = 0;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_another_implementation),
		cmocka_unit_test(depends_on_every_byte_of_the_key),
	};

	return cmocka_run_group_tests_name("siphash", tests, NULL, NULL);
}
