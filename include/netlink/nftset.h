/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes elements of the admin's sets and maps to the kernel: an array of operations in one transaction, with a result
 * for each. Logs nothing. Caches each set's types, flags and timeout for one generation of the ruleset; the kernel
 * refuses a transaction of another generation, so a re-created set needs no special care.
 */
#ifndef KNOCKD_NFTSET_H
#define KNOCKD_NFTSET_H

#include <stddef.h>
#include <stdint.h>

#include "netlink/nftset_op.h"

struct nftset;

/* Opens a netlink socket of its own (close-on-exec). NULL with errno on failure. */
struct nftset *nftset_open(void);

/* The netlink port of its changes in the kernel's events. */
uint32_t nftset_port(const struct nftset *nftset);
void nftset_close(struct nftset *nftset); /* NULL is legal */

/*
 * Adds and deletes all `n` elements, in order, in one transaction if they fit. If the kernel refuses an operation, the
 * rest is tried again without it; this costs a few milliseconds. Adding an element that exists gives it the new
 * timeout, comment and data, also on kernels before 6.12 or so, where a plain re-add keeps the old timeout. In a
 * concatenated interval set a key inside an admin's wider range is not deleted (NFTSET_ERROR): the kernel would delete
 * the range.
 *
 * Returns the number of operations whose result is neither NFTSET_OK nor NFTSET_ABSENT, or -1 with errno when netlink
 * failed; every operation without a result then becomes NFTSET_ERROR with that errno.
 */
int nftset_apply(struct nftset *nftset, struct nftset_op *ops, size_t n);

/*
 * Checks whether the operation fits its set in the kernel (key type, flags, data), and fills in the result; changes
 * nothing. Returns 0, or -1 with errno when netlink failed.
 */
int nftset_check(struct nftset *nftset, struct nftset_op *op);

/*
 * Is the operation's key in its set, as an element or within a range? 1: it is; 0: it is not, or the set is of another
 * type; -1: the kernel could not be asked, and the operation's result says why.
 */
int nftset_holds(struct nftset *nftset, struct nftset_op *op);

/*
 * Writes why an operation failed and what would help, in one line, for instance
 *   inet filter ok: no such set; create it with: nft add set inet filter ok '{ type ipv4_addr; flags timeout; }'
 * Cut at `len`; returns `buf`.
 */
const char *nftset_explain(const struct nftset_op *op, char *buf, size_t len);

#endif
