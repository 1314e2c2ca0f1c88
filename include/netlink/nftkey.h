/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Encodes a key (or a data map's value) as the bytes that the kernel compares, by the set's data types. Does not ask
 * the kernel.
 *
 * A set's type is a number that only user space understands: nft's data type number (enum datatypes in nftables'
 * include/datatype.h), or for a concatenation 6 bits for each field, the first on top. Every field begins at a multiple
 * of 4 bytes, as registers do.
 */
#ifndef KNOCKD_NFTKEY_H
#define KNOCKD_NFTKEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

#define NFTKEY_LEN_MAX  64  /* NFT_DATA_VALUE_MAXLEN in <linux/netfilter/nf_tables.h> */
#define NFTKEY_FIELDS   5   /* as many 6-bit numbers as 32 bits hold */
#define NFTKEY_TYPE_LEN 128 /* text of a type: five of the longest names and the dots between them */

enum nftkey_datatype {
	NFTKEY_NFPROTO = 2,
	NFTKEY_IPV4 = 7,
	NFTKEY_IPV6 = 8,
	NFTKEY_ETHER = 9,
	NFTKEY_PROTO = 12,
	NFTKEY_PORT = 13,
	NFTKEY_MARK = 19,
	NFTKEY_IFNAME = 41,
};

#define NFTKEY_CONCAT(first, second) ((uint32_t)(first) << 6 | (second))

struct nftkey {
	uint8_t from[NFTKEY_LEN_MAX];
	uint8_t to[NFTKEY_LEN_MAX]; /* the last key of the range; without a range the same as `from` */
	uint32_t len;
};

struct nftkey_type {
	uint32_t type; /* NFTA_SET_KEY_TYPE or NFTA_SET_DATA_TYPE */
	uint32_t len;  /* NFTA_SET_KEY_LEN or NFTA_SET_DATA_LEN */
	bool interval; /* the set has `flags interval`: prefixes and ranges are allowed */
};

/*
 * Encodes `n` fields as written, with `ip` for a leading `%IP%`. Returns 0, or -1 with one clause in `err`, the reason.
 */
int nftkey_encode(struct nftkey *key, const struct nftkey_type *type, char *const *parts, size_t n,
		  const struct addr *ip, char *err, size_t errlen);

/* Has the set's type an address of the other family than `ip` where a field begins with `%IP%`? */
bool nftkey_is_other_family(uint32_t type, char *const *parts, size_t n, const struct addr *ip);

/*
 * The first key after the range: an interval set needs its closing element there. False: the range reaches the last
 * key.
 */
bool nftkey_after(const struct nftkey *key, uint8_t after[static NFTKEY_LEN_MAX]);

/* Does the range of keys [from, to] hold all of `key`, field by field? */
bool nftkey_covers(const struct nftkey_type *type, const uint8_t *from, const uint8_t *to, const struct nftkey *key);

/* Writes "ipv4_addr . inet_service", cut at `len`; an unknown type as its number. Returns `buf`. */
const char *nftkey_type_text(uint32_t type, char *buf, size_t len);

/*
 * Guesses the type of a field from its text: %IP% by the family of `ip`, addresses, ports, 0x.. a mark, protocols and
 * services by name, else an interface. Sets `interval` for a prefix or a range, and never clears it.
 */
enum nftkey_datatype nftkey_guess(const char *part, const struct addr *ip, bool *interval);

#endif
