/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compares an operation with the description of its set, and encodes it into a message. Does not ask the kernel, see
 * nftset_ask. Only for nftset.
 */
#ifndef KNOCKD_NFTSET_FIT_H
#define KNOCKD_NFTSET_FIT_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stdint.h>

#include "netlink/nftkey.h"
#include "netlink/nftset_op.h"

/* The kernel's description of a set, valid for one generation of the ruleset. */
struct described {
	int error; /* errno of the question; 0: the rest is valid */
	bool no_table;
	bool owned; /* the table belongs to another process */
	uint32_t flags, data_type, data_len;
	uint64_t timeout_ms; /* of elements without a timeout of their own */
	struct nftkey_type key;
};

/* An operation, encoded for its set. */
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

/* True if the operation fits; otherwise sets its result. `encoded` borrows `op` and `described`. */
bool nftset_fit_encode(struct encoded *encoded, struct nftset_op *op, const struct described *described);

/* Is it a concatenated interval set: `flags interval` and a key of several fields? */
bool nftset_fit_is_ranges(const struct described *described);

/* A set of ranges in one field: an element begins the range, and another one ends it. */
bool nftset_fit_is_paired(const struct described *described);

/*
 * Puts set and element, or the two elements of a range, into a message; with `add` also data, timeout and comment. 0,
 * or -1 when memory is out.
 */
int nftset_fit_put(struct nlmsghdr *nlh, const struct encoded *encoded, bool add);

/*
 * Puts a question for the element that covers `key`, of the set's length, into a message; `end`: for the one that ends
 * the range around it, in a paired set. 0, or -1 when memory is out.
 */
int nftset_fit_ask(struct nlmsghdr *nlh, const struct encoded *encoded, const uint8_t *key, bool end);

#endif
