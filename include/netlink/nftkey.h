/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A key (or a data map's value) from text to the bytes that the kernel compares, by the data types
 * that the set itself names. Pure: no kernel is asked.
 *
 * The kernel keeps a set's type as a number that only user space understands: nft's own data type
 * numbers (enum datatypes in nftables' include/datatype.h), of a concatenation 6 bits each with the
 * first field on top. Every field begins at a multiple of 4 bytes, as registers do.
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
	uint8_t to[NFTKEY_LEN_MAX]; /* the last key of the range; the same as `from` when there is none */
	uint32_t len;
};

struct nftkey_type {
	uint32_t type; /* NFTA_SET_KEY_TYPE or NFTA_SET_DATA_TYPE */
	uint32_t len;  /* NFTA_SET_KEY_LEN or NFTA_SET_DATA_LEN */
	bool interval; /* the set has `flags interval`: prefixes and ranges are allowed */
};

/*
 * Encodes `n` fields as written; `%IP%` in front of one stands for `ip`. Returns 0, or -1 and in
 * `err` one clause that says what does not fit.
 */
int nftkey_encode(struct nftkey *key, const struct nftkey_type *type, char *const *parts, size_t n,
		  const struct addr *ip, char *err, size_t errlen);

/*
 * The key behind the range, where an interval set needs its closing element. False when the range
 * reaches the very top, where there is none.
 */
bool nftkey_after(const struct nftkey *key, uint8_t after[static NFTKEY_LEN_MAX]);

/* Does the range of keys [from, to] hold all of `key`, field by field? */
bool nftkey_covers(const struct nftkey_type *type, const uint8_t *from, const uint8_t *to, const struct nftkey *key);

/* "ipv4_addr . inet_service", cut at `len`; numbers of unknown types are written as such. Returns `buf`. */
const char *nftkey_type_text(uint32_t type, char *buf, size_t len);

/*
 * The type that one field of an element would go into by its looks: %IP% by the family of `ip`,
 * addresses, ports, 0x.. a mark, protocols and services by name, else an interface. `interval` is
 * set, and never cleared, when the field is a prefix or a range.
 */
enum nftkey_datatype nftkey_guess(const char *part, const struct addr *ip, bool *interval);

#endif
