/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The packet and the signature of a signed knock, against a vector that two other implementations have checked. */
#include "test.h"

#include <netinet/in.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "signed/invitation.h"
#include "signed/knock1.h"
#include "signed/sshsig.h"

/* Secret keys: the server's is 32 bytes of 0x11, the user's seed of 0x33, the ephemeral one of 0x44; site key 0x22. */
static const char vector_server[] = "7b4e909bbe7ffe44c465a220037d608ee35897d31ef972f07f74892cb0f73f13";
static const char vector_tag[] = "8eaeda8cae8a5ef606f89bdee8dbc98d";
static const char vector_mask[] = "3216119c9ffd81a06f788d91fde3c6c8ef3964b7caa690b8070fc53d1a08cc2c";
static const char vector_user[] = "17cb79fb2b4120f2b1ec65e4198d6e08b28e813feb01e4a400839b85e18080ce";
static const char vector_statement[] =
    "01000100000000000006448b478f9900f949c1516c8c1b5100000e100000000000000000000000000000ffffc0000207";
static const char vector_plain[] =
    "98b8d4e0ab87a75c01000100000000000006448b478f9900f949c1516c8c1b5100000e10000000000000000000000000"
    "0000ffffc000020773aad5bf15450ade316ce937e7c5d749620360ebe432bce8c036c9cc643a0d8a273a7157d4d2e662"
    "5eaf338a637d81eab87f2dc3572798aca105d7b874dfd70d0000000000000000";
static const char vector_wire[] =
    "303290d9aa0e09159ace4e3c5a4dfe79600b995b36f56a0a13fa59e82e8e3fc5c7ee6661443591c0a5cf93b0b0fca6dc"
    "439c7dd586e8a52aa31d7674589fbb8b7be3c10b7ec3280a4e1c7c904ccbc5a955643e722b1f1c81fdae96a693926f21"
    "bf6d4687ae05f4b8819a38724c44c8055a1b0dceee354d40403aa847edd9c71de4c09a3fa4d71a774e46573206c56adf"
    "ec5dc888dae032091e67ca983a3a3d56361c47ac3910b03df0dc5689e7e7e3fb00f843d7f7a03bc4";

static struct knock1_site site;
static uint8_t secret[32], user_public[32], user_secret[64];

static int
set_up(void **state)
{
	uint8_t seed[32];

	(void)state;
	assert_int_equal(knock1_start(), 0);
	memset(secret, 0x11, sizeof(secret));
	memset(site.site_key, 0x22, sizeof(site.site_key));
	memset(seed, 0x33, sizeof(seed));
	crypto_scalarmult_base(site.public_key, secret);
	crypto_sign_seed_keypair(user_public, user_secret, seed);
	knock1_derive(&site);
	return 0;
}

static void
equals(const void *bytes, size_t len, const char *hex)
{
	char text[2 * KNOCK1_LEN + 1];

	assert_string_equal(sodium_bin2hex(text, sizeof(text), bytes, len), hex);
}

static size_t
unhex(uint8_t *bytes, size_t room, const char *hex)
{
	size_t len;

	assert_int_equal(sodium_hex2bin(bytes, room, hex, strlen(hex), NULL, &len, NULL), 0);
	return len;
}

static struct knock1_statement
the_statement(void)
{
	struct knock1_statement s = { .flags = KNOCK1_BOUND, .counter = UINT64_C(1764214852000000), .seconds = 3600 };

	knock1_door_id("openSSH", s.door);
	assert_int_equal(addr_parse(&s.address, "192.0.2.7"), 0);
	return s;
}

static struct knock1_plain
the_plain(void)
{
	struct knock1_statement s = the_statement();
	struct knock1_plain plain = { .fido_flags = 0 };
	uint8_t bytes[SSHSIG_LEN];

	knock1_write_statement(&s, plain.statement);
	knock1_key_id(user_public, plain.key_id);
	sshsig_signed(site.public_key, plain.statement, bytes);
	crypto_sign_detached(plain.signature, NULL, bytes, sizeof(bytes), user_secret);
	return plain;
}

static struct sshkey
the_key(void)
{
	struct sshkey key = { .fido = false };

	memcpy(key.public_key, user_public, sizeof(key.public_key));
	return key;
}

static void
keys_are_derived(void **state)
{
	(void)state;
	equals(site.public_key, 32, vector_server);
	equals(site.tag_key, 16, vector_tag);
	equals(site.mask_key, 32, vector_mask);
	equals(user_public, 32, vector_user);
}

static void
packs_the_vector(void **state)
{
	struct knock1_plain plain = the_plain();
	uint8_t bytes[KNOCK1_PLAIN_LEN], ephemeral[32], wire[KNOCK1_LEN];

	(void)state;
	equals(plain.statement, KNOCK1_STATEMENT_LEN, vector_statement);
	knock1_write_plain(&plain, bytes);
	equals(bytes, sizeof(bytes), vector_plain);
	memset(ephemeral, 0x44, sizeof(ephemeral));
	assert_int_equal(knock1_seal_with(wire, &site, bytes, ephemeral), 0);
	equals(wire, sizeof(wire), vector_wire);
}

static void
opens_the_vector(void **state)
{
	struct knock1_plain plain;
	struct knock1_statement s, expected = the_statement();
	uint8_t bytes[KNOCK1_PLAIN_LEN], wire[KNOCK1_LEN];
	struct sshkey key = the_key();

	(void)state;
	assert_int_equal(unhex(wire, sizeof(wire), vector_wire), sizeof(wire));
	assert_true(knock1_has_tag(&site, wire));
	assert_int_equal(knock1_open(bytes, &site, secret, wire), 0);
	equals(bytes, sizeof(bytes), vector_plain);
	assert_int_equal(knock1_read_plain(&plain, bytes), 0);
	assert_int_equal(knock1_read_statement(&s, plain.statement), 0);
	assert_true(addr_equal(&s.address, &expected.address));
	assert_int_equal(s.counter, expected.counter);
	assert_int_equal(s.seconds, 3600);
	assert_int_equal(s.flags, KNOCK1_BOUND);
	assert_memory_equal(s.door, expected.door, sizeof(s.door));
	assert_true(sshsig_verify(&key, site.public_key, &plain));
}

static void
refuses_every_flipped_bit_of_the_wire(void **state)
{
	uint8_t bytes[KNOCK1_PLAIN_LEN], wire[KNOCK1_LEN];

	(void)state;
	unhex(wire, sizeof(wire), vector_wire);
	for (size_t bit = 0; bit < 8 * sizeof(wire); bit++) {
		wire[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(knock1_has_tag(&site, wire));
		if (bit < 8 * (KNOCK1_LEN - KNOCK1_TAG_LEN)) /* somebody with the site key can make the tag right */
			assert_int_equal(knock1_open(bytes, &site, secret, wire), -1);
		wire[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

static void
refuses_every_flipped_bit_of_what_is_signed(void **state)
{
	struct knock1_plain good = the_plain();
	struct sshkey key = the_key();
	uint8_t bytes[KNOCK1_PLAIN_LEN];

	(void)state;
	knock1_write_plain(&good, bytes);
	for (size_t bit = 8 * KNOCK1_ID_LEN; bit < 8 * sizeof(bytes); bit++) {
		struct knock1_plain plain;

		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(!knock1_read_plain(&plain, bytes) && sshsig_verify(&key, site.public_key, &plain));
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

static void
refuses_other_keys(void **state)
{
	struct knock1_plain plain = the_plain();
	struct sshkey key = the_key(), other = key;
	struct knock1_site elsewhere = site;
	uint8_t bytes[KNOCK1_PLAIN_LEN], wire[KNOCK1_LEN];

	(void)state;
	unhex(wire, sizeof(wire), vector_wire);
	elsewhere.site_key[0] ^= 1;
	knock1_derive(&elsewhere);
	assert_false(knock1_has_tag(&elsewhere, wire));
	elsewhere = site;
	elsewhere.public_key[0] ^= 1;
	assert_false(sshsig_verify(&key, elsewhere.public_key, &plain));
	crypto_sign_keypair(other.public_key, (uint8_t[64]){ 0 });
	assert_false(sshsig_verify(&other, site.public_key, &plain));
	secret[0] ^= 8;
	assert_int_equal(knock1_open(bytes, &site, secret, wire), -1);
	secret[0] ^= 8;
}

/* No two packets have anything in common, though they say the same. */
static void
looks_random(void **state)
{
	uint8_t a[KNOCK1_LEN], b[KNOCK1_LEN], bytes[KNOCK1_PLAIN_LEN] = { 0 };
	unsigned ones[8] = { 0 }, equal = 0;

	(void)state;
	for (int round = 0; round < 1000; round++) {
		assert_int_equal(knock1_seal(a, &site, bytes), 0);
		assert_int_equal(knock1_seal(b, &site, bytes), 0);
		for (size_t i = 0; i < sizeof(a); i++)
			equal += a[i] == b[i];
		for (unsigned bit = 0; bit < 8; bit++)
			ones[bit] += a[31] >> bit & 1; /* the last byte of a curve point: its highest bit is 0 */
	}
	assert_in_range(equal, 184 * 1000 / 256 - 200, 184 * 1000 / 256 + 200);
	for (unsigned bit = 0; bit < 8; bit++)
		assert_in_range(ones[bit], 400, 600);
}

static void
statements_that_make_no_sense(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
	} wrong[] = {
		{ 0, 0 },                                /* version */
		{ 0, 2 },                                /* version */
		{ 1, 3 },                                /* action */
		{ 2, 0 },                                /* an address without its flag */
		{ 2, 3 },                                /* both bound and somebody else's */
		{ 2, 9 },                                /* unknown flag */
		{ 3, IPPROTO_TCP },                      /* protocol without port */
		{ 5, 22 },                               /* port without protocol */
		{ 6, 1 },           { 7, 1 }, { 31, 1 }, /* a code without its flag */
		{ 44, 0 },                               /* 0.0.2.7 */
	};
	struct knock1_statement s = the_statement(), read;
	uint8_t good[KNOCK1_STATEMENT_LEN], bytes[KNOCK1_STATEMENT_LEN];

	(void)state;
	knock1_write_statement(&s, good);
	assert_int_equal(knock1_read_statement(&read, good), 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		memcpy(bytes, good, sizeof(bytes));
		bytes[wrong[i].at] = wrong[i].value;
		if (knock1_read_statement(&read, bytes) != -1)
			fail_msg("byte %zu = %u is accepted", wrong[i].at, wrong[i].value);
	}
	s.address.family = 0; /* bound to nothing */
	knock1_write_statement(&s, bytes);
	assert_int_equal(knock1_read_statement(&read, bytes), -1);
}

static void
statements_survive(void **state)
{
	struct knock1_statement s = { .action = KNOCK1_CLOSE,
				      .flags = KNOCK1_OTHER | KNOCK1_TOTP,
				      .proto = IPPROTO_UDP,
				      .port = 65535,
				      .seconds = UINT32_MAX,
				      .totp = 492817,
				      .counter = UINT64_MAX },
				read;
	uint8_t bytes[KNOCK1_STATEMENT_LEN], again[KNOCK1_STATEMENT_LEN];

	(void)state;
	addr_parse(&s.address, "2001:db8::1");
	knock1_write_statement(&s, bytes);
	assert_int_equal(knock1_read_statement(&read, bytes), 0);
	assert_true(addr_equal(&read.address, &s.address));
	assert_int_equal(read.totp, 492817);
	knock1_write_statement(&read, again);
	assert_memory_equal(bytes, again, sizeof(bytes));
}

static void
security_key(void **state)
{
	struct knock1_plain plain = the_plain();
	struct sshkey key = the_key();
	uint8_t bytes[SSHSIG_LEN], wrapped[69] = { 0 };

	(void)state;
	key.fido = true;
	strcpy(key.application, "ssh:");
	assert_false(sshsig_verify(&key, site.public_key, &plain)); /* a plain signature is none of a security key */
	plain.fido_flags = SSHSIG_TOUCHED;
	plain.fido_counter = 7;
	sshsig_signed(site.public_key, plain.statement, bytes);
	crypto_hash_sha256(wrapped, (const uint8_t *)"ssh:", 4);
	wrapped[32] = SSHSIG_TOUCHED;
	wrapped[36] = 7;
	crypto_hash_sha256(wrapped + 37, bytes, sizeof(bytes));
	crypto_sign_detached(plain.signature, NULL, wrapped, sizeof(wrapped), user_secret);
	assert_true(sshsig_verify(&key, site.public_key, &plain));
	plain.fido_flags |= SSHSIG_VERIFIED; /* nobody verified the user */
	assert_false(sshsig_verify(&key, site.public_key, &plain));
	plain.fido_flags = SSHSIG_TOUCHED;
	strcpy(key.application, "ssh:other");
	assert_false(sshsig_verify(&key, site.public_key, &plain));
}

static void
invitations(void **state)
{
	static const char *const bad[] = { "",        "knock1:",  "knock2:",  "@h:0/d",   "@h:65536/d", "@:1/d",
					   "@h/d",    "@h:1-/d",  "@h:2-1/d", "@h:1/",    "@[::1]1/d",  "@h:1/%00",
					   "@-h:1/d", "@h h:1/d", "@h:1",     "@h:1/\x01" };
	struct invitation i = {
		.site = site, .host = "2001:db8::1", .door = "my door/1", .port = 62000, .last = 62999
	};
	char text[INVITATION_LEN], again[INVITATION_LEN];
	struct invitation read;
	const char *why;

	(void)state;
	invitation_format(&i, text);
	assert_non_null(strstr(text, "@[2001:db8::1]:62000-62999/my%20door%2f1"));
	assert_int_equal(invitation_parse(&read, text, &why), 0);
	assert_string_equal(read.host, i.host);
	assert_string_equal(read.door, i.door);
	assert_memory_equal(&read.site, &site, sizeof(site));
	assert_string_equal(invitation_format(&read, again), text);
	for (size_t n = 0; n < sizeof(bad) / sizeof(bad[0]); n++) {
		char *at;

		invitation_format(&i, again);
		at = strchr(again, '@');
		if (*bad[n] == '@')
			strcpy(at, bad[n]);
		else
			strcpy(again, bad[n]);
		why = NULL;
		if (!invitation_parse(&read, again, &why))
			fail_msg("%s is accepted", bad[n]);
		assert_non_null(why);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_derived),
		cmocka_unit_test(packs_the_vector),
		cmocka_unit_test(opens_the_vector),
		cmocka_unit_test(refuses_every_flipped_bit_of_the_wire),
		cmocka_unit_test(refuses_every_flipped_bit_of_what_is_signed),
		cmocka_unit_test(refuses_other_keys),
		cmocka_unit_test(looks_random),
		cmocka_unit_test(statements_that_make_no_sense),
		cmocka_unit_test(statements_survive),
		cmocka_unit_test(security_key),
		cmocka_unit_test(invitations),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
