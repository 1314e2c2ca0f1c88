/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The packet `knock1`: a statement, signed with the user's SSH key and sealed for the server. Everything on the wire
 * looks random. Integers are big-endian.
 *
 *   wire    0  32  ephemeral X25519 key XOR ChaCha20(mask key, nonce = wire[32..40])
 *          32  16  Poly1305 tag of the sealed box
 *          48 128  ciphertext of the plaintext; wire[0..176] without the mask is what crypto_box_seal() makes
 *         176   8  tag: SipHash-2-4(tag key, wire[0..176])
 *         184   n  0 to KNOCK1_TAIL_MAX random bytes that the server does not look at
 *
 *   plaintext    0   8  id of the user's key: the first bytes of BLAKE2b-128(Ed25519 public key)
 *                8  48  statement
 *               56  64  Ed25519 signature, see sshsig.h
 *              120   1  FIDO flags
 *              121   4  FIDO counter
 *              125   3  zero
 *
 *   statement    0   1  version 1
 *                1   1  action
 *                2   1  flags
 *                3   1  protocol asked for
 *                4   2  port asked for
 *                6   2  zero
 *                8   8  counter
 *               16   8  id of the door
 *               24   4  seconds asked for
 *               28   4  one-time code (TOTP)
 *               32  16  address, IPv4 as ::ffff:a.b.c.d
 *
 * The site key is known to the server and to all who may knock. It keys the tag, so that garbage of others costs the
 * server one SipHash.
 */
#ifndef KNOCKD_KNOCK1_H
#define KNOCKD_KNOCK1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

#define KNOCK1_LEN           184
#define KNOCK1_TAIL_MAX      64
#define KNOCK1_PLAIN_LEN     128
#define KNOCK1_STATEMENT_LEN 48
#define KNOCK1_TAG_LEN       8
#define KNOCK1_ID_LEN        8
#define KNOCK1_KEY_LEN       32 /* of each key below but tag_key */
#define KNOCK1_SIGNATURE_LEN 64

/* A server as its clients know it. */
struct knock1_site {
	uint8_t public_key[KNOCK1_KEY_LEN]; /* X25519 */
	uint8_t site_key[KNOCK1_KEY_LEN];
	uint8_t tag_key[16]; /* this and the next are made of the two above by knock1_derive() */
	uint8_t mask_key[KNOCK1_KEY_LEN];
};

enum knock1_action {
	KNOCK1_OPEN,
	KNOCK1_CLOSE,
	KNOCK1_PROBE, /* is logged, and does nothing */
	KNOCK1_ACTIONS
};

/* Flags of a statement. */
#define KNOCK1_BOUND 1 /* `address` is the only one that the packet may come from */
#define KNOCK1_OTHER 2 /* open for `address`, which is not the client's */
#define KNOCK1_TOTP  4 /* `totp` is a code */

struct knock1_statement {
	enum knock1_action action;
	uint8_t flags;
	uint8_t proto;    /* IPPROTO_TCP or IPPROTO_UDP; 0: none is asked for */
	uint16_t port;    /* 0: none is asked for */
	uint32_t seconds; /* 0: the door's own time */
	uint32_t totp;
	uint64_t counter; /* microseconds since 1970 on the client's clock, rising */
	uint8_t door[KNOCK1_ID_LEN];
	struct addr address; /* family 0: none */
};

struct knock1_plain {
	uint8_t key_id[KNOCK1_ID_LEN];
	uint8_t statement[KNOCK1_STATEMENT_LEN];
	uint8_t signature[KNOCK1_SIGNATURE_LEN];
	uint8_t fido_flags; /* this and the next: 0 unless the key is a security key's */
	uint32_t fido_counter;
};

/* To be called once before any other function of this room; needs no file later. 0, or -1. */
int knock1_start(void);

/* Makes the other two keys of public_key and site_key. */
void knock1_derive(struct knock1_site *site);

/* The id of a door's name, or of a user's public key. */
void knock1_door_id(const char *name, uint8_t id[static KNOCK1_ID_LEN]);
void knock1_key_id(const uint8_t public_key[static KNOCK1_KEY_LEN], uint8_t id[static KNOCK1_ID_LEN]);

void knock1_write_statement(const struct knock1_statement *statement, uint8_t bytes[static KNOCK1_STATEMENT_LEN]);

/*
 * 0, or -1: another version, an unknown action or flag, a byte that is not zero where it should be, a protocol without
 * port or a port without protocol, an address without the flag for it or no host's address with it.
 */
int knock1_read_statement(struct knock1_statement *statement, const uint8_t bytes[static KNOCK1_STATEMENT_LEN]);

void knock1_write_plain(const struct knock1_plain *plain, uint8_t bytes[static KNOCK1_PLAIN_LEN]);

/* 0, or -1: a byte that is not zero where it should be. */
int knock1_read_plain(struct knock1_plain *plain, const uint8_t bytes[static KNOCK1_PLAIN_LEN]);

/* Seals for the site with a fresh ephemeral key, or with this one: for tests. */
int knock1_seal(uint8_t wire[static KNOCK1_LEN], const struct knock1_site *site,
		const uint8_t bytes[static KNOCK1_PLAIN_LEN]);
int knock1_seal_with(uint8_t wire[static KNOCK1_LEN], const struct knock1_site *site,
		     const uint8_t bytes[static KNOCK1_PLAIN_LEN], const uint8_t ephemeral[static KNOCK1_KEY_LEN]);

/* Was this made by somebody who has the site key? */
bool knock1_has_tag(const struct knock1_site *site, const uint8_t wire[static KNOCK1_LEN]);

/* Opens what has the tag. Neither allocates nor makes a system call. 0, or -1: not sealed for this key. */
int knock1_open(uint8_t bytes[static KNOCK1_PLAIN_LEN], const struct knock1_site *site,
		const uint8_t secret_key[static KNOCK1_KEY_LEN], const uint8_t wire[static KNOCK1_LEN]);

#endif
