/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One operation on an element of a set or map, and its result. */
#ifndef KNOCKD_NFTSET_OP_H
#define KNOCKD_NFTSET_OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/element.h"
#include "lib/addr.h"
#include "netlink/nftkey.h"

enum nftset_result {
	NFTSET_OK,
	NFTSET_ABSENT,     /* delete only: the element was not there; not a failure */
	NFTSET_KEPT,       /* another program's element is there, see nftset_apply(); not a failure */
	NFTSET_NO_SET,     /* table or set does not exist */
	NFTSET_KEY,        /* the set's key type does not fit the element's text */
	NFTSET_FAMILY,     /* the key has the client's address where the set has one of the other family */
	NFTSET_FLAGS,      /* the element has a timeout, the set no `flags timeout`; or the set is constant */
	NFTSET_DATA,       /* a map's element without data, data for a set, or data of a wrong type */
	NFTSET_WIDE,       /* more addresses than `min_prefix` allows */
	NFTSET_FULL,       /* the set's `size` is reached */
	NFTSET_PERMISSION, /* no CAP_NET_ADMIN in this network namespace, or another process owns the table */
	NFTSET_ERROR,      /* anything else: see `error` */
};

/* `detail` of NFTSET_NO_SET when the table is missing */
#define NFTSET_NO_TABLE "no such table"
#define NFTSET_OWNED    "the table belongs to another process"

struct nftset_op {
	/* set by the caller */
	bool add;                      /* false: delete */
	const struct element *element; /* borrowed */
	struct addr ip;                /* the client's address, for %IP% */
	const char *comment;           /* borrowed; NULL: none. Cut to nft's limit of 128 bytes */
	int min_prefix;                /* smallest N of %IP%/N in an element to add */
	uint64_t timeout_ms;           /* overrides element->timeout_ms; 0: does not */
	bool likely;                   /* add: it is probably there, so ask before adding */
	bool own;                      /* delete: only an element that the owner has added */
	bool seen; /* ... and the last nftset_each() has shown that it has: asked for again only after a change */
	/* set by nftset_apply() and nftset_check() */
	enum nftset_result result;
	int error;                   /* errno behind `result`, 0 if none */
	char detail[160];            /* the reason, one clause, or "" */
	uint32_t set_flags;          /* NFT_SET_...: of the set, if it exists */
	uint64_t lifetime_ms;        /* timeout of an added element, its own or the set's; 0: none */
	uint8_t key[NFTKEY_LEN_MAX]; /* as in the kernel; the first key of a range */
	uint32_t key_len;
};

#define NFTSET_ENDLESS UINT64_MAX

/* An element that is in a set. */
struct nftset_found {
	uint64_t timeout_ms; /* in all; NFTSET_ENDLESS: no time */
	uint64_t left_ms;
	char comment[ELEMENT_COMMENT_MAX]; /* "": none */
};

/* Takes an element of a set; of a range, the key of its beginning. */
typedef void nftset_visit(void *arg, const void *key, uint32_t key_len, const struct nftset_found *found);

#endif
