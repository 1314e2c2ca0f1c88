/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One operation held against what the kernel says of its set: does it fit, and how does it look in
 * a message. Pure: the kernel is asked elsewhere (nftset_ask). Serves nftset alone.
 */
#ifndef KNOCKD_NFTSET_FIT_H
#define KNOCKD_NFTSET_FIT_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stdint.h>

#include "netlink/nftkey.h"
#include "netlink/nftset_op.h"

/* What the kernel says of a set, good for one generation of the ruleset. */
struct described {
	int error; /* errno of the question, 0: the rest is valid */
	bool no_table;
	uint32_t flags, data_type, data_len;
	uint64_t timeout_ms; /* of elements that bring none of their own */
	struct nftkey_type key;
};

/* An operation as the set wants it. */
struct encoded {
	const struct nftset_op *op;
	const struct described *described;
	uint64_t timeout_ms;
	struct nftkey key;
	struct nftkey data;
	uint32_t verdict; /* of a verdict map */
	char chain[256];  /* ... for jump and goto; NFT_NAME_MAXLEN */
};

/* Sets the operation's result and returns false. */
bool nftset_fit_fail(struct nftset_op *op, enum nftset_result result, int error, const char *detail);

/* True when the operation fits; else its result says why not. `encoded` borrows both. */
bool nftset_fit_encode(struct encoded *encoded, struct nftset_op *op, const struct described *described);

/* A set of ranges in several fields: `flags interval` and a concatenated key. */
bool nftset_fit_is_ranges(const struct described *described);

/* A set of ranges in one field: an element begins the range, and another one ends it. */
bool nftset_fit_is_paired(const struct described *described);

/*
 * Puts set and element, or the two elements that a range takes, into a message; `add`: with data, timeout, comment.
 * 0, or -1 when memory is out.
 */
int nftset_fit_put(struct nlmsghdr *nlh, const struct encoded *encoded, bool add);

/*
 * Puts a question for the element that covers `key`, of the set's length, into a message; `end`: for the one that ends
 * the range around it, in a paired set. 0, or -1 when memory is out.
 */
int nftset_fit_ask(struct nlmsghdr *nlh, const struct encoded *encoded, const uint8_t *key, bool end);

#endif
