/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signed/knock1.h"

#include <netinet/in.h>
#include <sodium.h>
#include <string.h>

#include "signed/bytes.h"

#define VERSION   1
#define ALL_FLAGS (KNOCK1_BOUND | KNOCK1_OTHER | KNOCK1_TOTP)

/* Offsets in the wire. */
enum { AT_BOX = KNOCK1_KEY_LEN, AT_TAG = KNOCK1_LEN - KNOCK1_TAG_LEN, NONCE_LEN = crypto_stream_chacha20_NONCEBYTES };

_Static_assert(AT_BOX + crypto_box_MACBYTES + KNOCK1_PLAIN_LEN == AT_TAG, "a sealed box and a tag");
_Static_assert(crypto_shorthash_KEYBYTES == sizeof(((struct knock1_site *)NULL)->tag_key), "SipHash's key");
_Static_assert(crypto_shorthash_BYTES == KNOCK1_TAG_LEN, "SipHash's length");

int
knock1_start(void)
{
	return sodium_init() < 0 ? -1 : 0;
}

/* ---- keys and ids ------------------------------------------------------------------------------- */

static void
derive(uint8_t *to, size_t len, const struct knock1_site *site, const char *label)
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, site->site_key, sizeof(site->site_key), len);
	crypto_generichash_update(&state, (const uint8_t *)label, strlen(label));
	crypto_generichash_update(&state, site->public_key, sizeof(site->public_key));
	crypto_generichash_final(&state, to, len);
}

void
knock1_derive(struct knock1_site *site)
{
	derive(site->tag_key, sizeof(site->tag_key), site, "knock1 tag");
	derive(site->mask_key, sizeof(site->mask_key), site, "knock1 mask");
}

static void
make_id(const void *of, size_t len, uint8_t id[static KNOCK1_ID_LEN])
{
	uint8_t hash[16];

	crypto_generichash(hash, sizeof(hash), of, len, NULL, 0);
	memcpy(id, hash, KNOCK1_ID_LEN);
}

void
knock1_door_id(const char *name, uint8_t id[static KNOCK1_ID_LEN])
{
	make_id(name, strlen(name), id);
}

void
knock1_key_id(const uint8_t public_key[static KNOCK1_KEY_LEN], uint8_t id[static KNOCK1_ID_LEN])
{
	make_id(public_key, KNOCK1_KEY_LEN, id);
}

/* ---- the statement ------------------------------------------------------------------------------ */

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

static void
write_address(const struct addr *address, uint8_t bytes[static 16])
{
	memset(bytes, 0, 16);
	if (address->family == AF_INET6) {
		memcpy(bytes, address->bytes, 16);
	} else if (address->family == AF_INET) {
		memcpy(bytes, mapped, sizeof(mapped));
		memcpy(bytes + sizeof(mapped), address->bytes, 4);
	}
}

static struct addr
read_address(const uint8_t bytes[static 16])
{
	if (sodium_is_zero(bytes, 16))
		return (struct addr){ .family = 0 };
	if (!memcmp(bytes, mapped, sizeof(mapped)))
		return addr_from_bytes(AF_INET, bytes + sizeof(mapped));
	return addr_from_bytes(AF_INET6, bytes);
}

void
knock1_write_statement(const struct knock1_statement *s, uint8_t bytes[static KNOCK1_STATEMENT_LEN])
{
	memset(bytes, 0, KNOCK1_STATEMENT_LEN);
	bytes[0] = VERSION;
	bytes[1] = (uint8_t)s->action;
	bytes[2] = s->flags;
	bytes[3] = s->proto;
	bytes_put(bytes + 4, 2, s->port);
	bytes_put(bytes + 8, 8, s->counter);
	memcpy(bytes + 16, s->door, KNOCK1_ID_LEN);
	bytes_put(bytes + 24, 4, s->seconds);
	bytes_put(bytes + 28, 4, s->totp);
	write_address(&s->address, bytes + 32);
}

static bool
is_proto(uint8_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP;
}

static bool
makes_sense(const struct knock1_statement *s)
{
	bool addressed = s->flags & (KNOCK1_BOUND | KNOCK1_OTHER);

	if (s->action >= KNOCK1_ACTIONS || s->flags & ~ALL_FLAGS)
		return false;
	if ((s->flags & KNOCK1_BOUND) && (s->flags & KNOCK1_OTHER))
		return false;
	if (s->port ? !is_proto(s->proto) : s->proto != 0)
		return false;
	if (s->totp && !(s->flags & KNOCK1_TOTP))
		return false;
	return addressed ? addr_len(&s->address) && addr_is_host(&s->address) : !s->address.family;
}

int
knock1_read_statement(struct knock1_statement *statement, const uint8_t bytes[static KNOCK1_STATEMENT_LEN])
{
	struct knock1_statement s = { .action = bytes[1],
				      .flags = bytes[2],
				      .proto = bytes[3],
				      .port = (uint16_t)bytes_get(bytes + 4, 2),
				      .counter = bytes_get(bytes + 8, 8),
				      .seconds = (uint32_t)bytes_get(bytes + 24, 4),
				      .totp = (uint32_t)bytes_get(bytes + 28, 4),
				      .address = read_address(bytes + 32) };

	memcpy(s.door, bytes + 16, KNOCK1_ID_LEN);
	if (bytes[0] != VERSION || bytes[6] || bytes[7] || !makes_sense(&s))
		return -1;
	*statement = s;
	return 0;
}

/* ---- the plaintext ------------------------------------------------------------------------------ */

void
knock1_write_plain(const struct knock1_plain *plain, uint8_t bytes[static KNOCK1_PLAIN_LEN])
{
	memset(bytes, 0, KNOCK1_PLAIN_LEN);
	memcpy(bytes, plain->key_id, KNOCK1_ID_LEN);
	memcpy(bytes + 8, plain->statement, KNOCK1_STATEMENT_LEN);
	memcpy(bytes + 56, plain->signature, KNOCK1_SIGNATURE_LEN);
	bytes[120] = plain->fido_flags;
	bytes_put(bytes + 121, 4, plain->fido_counter);
}

int
knock1_read_plain(struct knock1_plain *plain, const uint8_t bytes[static KNOCK1_PLAIN_LEN])
{
	if (bytes[125] || bytes[126] || bytes[127])
		return -1;
	memcpy(plain->key_id, bytes, KNOCK1_ID_LEN);
	memcpy(plain->statement, bytes + 8, KNOCK1_STATEMENT_LEN);
	memcpy(plain->signature, bytes + 56, KNOCK1_SIGNATURE_LEN);
	plain->fido_flags = bytes[120];
	plain->fido_counter = (uint32_t)bytes_get(bytes + 121, 4);
	return 0;
}

/* ---- the wire ----------------------------------------------------------------------------------- */

/* Masks the ephemeral key, or takes the mask off. */
static void
mask(uint8_t to[static KNOCK1_KEY_LEN], const uint8_t *wire, const struct knock1_site *site)
{
	crypto_stream_chacha20_xor(to, wire, KNOCK1_KEY_LEN, wire + AT_BOX, site->mask_key);
}

static void
make_nonce(uint8_t nonce[static crypto_box_NONCEBYTES], const uint8_t *ephemeral, const uint8_t *public_key)
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, crypto_box_NONCEBYTES);
	crypto_generichash_update(&state, ephemeral, KNOCK1_KEY_LEN);
	crypto_generichash_update(&state, public_key, KNOCK1_KEY_LEN);
	crypto_generichash_final(&state, nonce, crypto_box_NONCEBYTES);
}

int
knock1_seal_with(uint8_t wire[static KNOCK1_LEN], const struct knock1_site *site,
		 const uint8_t bytes[static KNOCK1_PLAIN_LEN], const uint8_t ephemeral[static KNOCK1_KEY_LEN])
{
	uint8_t nonce[crypto_box_NONCEBYTES];

	if (crypto_scalarmult_base(wire, ephemeral))
		return -1;
	make_nonce(nonce, wire, site->public_key);
	if (crypto_box_easy(wire + AT_BOX, bytes, KNOCK1_PLAIN_LEN, nonce, site->public_key, ephemeral))
		return -1;
	mask(wire, wire, site);
	crypto_shorthash(wire + AT_TAG, wire, AT_TAG, site->tag_key);
	return 0;
}

int
knock1_seal(uint8_t wire[static KNOCK1_LEN], const struct knock1_site *site,
	    const uint8_t bytes[static KNOCK1_PLAIN_LEN])
{
	uint8_t ephemeral[KNOCK1_KEY_LEN];
	int failed;

	randombytes_buf(ephemeral, sizeof(ephemeral));
	failed = knock1_seal_with(wire, site, bytes, ephemeral);
	sodium_memzero(ephemeral, sizeof(ephemeral));
	return failed;
}

bool
knock1_has_tag(const struct knock1_site *site, const uint8_t wire[static KNOCK1_LEN])
{
	uint8_t tag[KNOCK1_TAG_LEN];

	crypto_shorthash(tag, wire, AT_TAG, site->tag_key);
	return !sodium_memcmp(tag, wire + AT_TAG, sizeof(tag));
}

int
knock1_open(uint8_t bytes[static KNOCK1_PLAIN_LEN], const struct knock1_site *site,
	    const uint8_t secret_key[static KNOCK1_KEY_LEN], const uint8_t wire[static KNOCK1_LEN])
{
	uint8_t ephemeral[KNOCK1_KEY_LEN], nonce[crypto_box_NONCEBYTES];

	mask(ephemeral, wire, site);
	make_nonce(nonce, ephemeral, site->public_key);
	return crypto_box_open_easy(bytes, wire + AT_BOX, AT_TAG - AT_BOX, nonce, ephemeral, secret_key) ? -1 : 0;
}
