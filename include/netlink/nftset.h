/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Elements of the user's sets and maps, written to the kernel by libnftnl. One transaction for a
 * whole array of operations, one answer for each of them. No text is logged here and nothing is
 * remembered but each set's key type, flags and size while nobody else changes the ruleset: the kernel refuses
 * a transaction that builds on less than what is there, so a set that was re-created a moment ago is no special case.
 */
#ifndef KNOCKD_NFTSET_H
#define KNOCKD_NFTSET_H

#include <stddef.h>
#include <stdint.h>

#include "netlink/nftset_op.h"

struct nftset;

/* Opens a netlink socket of its own (close-on-exec). NULL with errno on failure. */
struct nftset *nftset_open(void);

/* The netlink port that its changes come from, in the kernel's events. */
uint32_t nftset_port(const struct nftset *nftset);
void nftset_close(struct nftset *nftset); /* NULL is legal */

/*
 * Adds and deletes all `n` elements, in order, in one transaction where they fit. An operation that the
 * kernel refuses is taken out and the rest is tried again, so one bad set costs the others nothing. Adding
 * what is there already gives it the new timeout, comment and data, on every kernel: those before 6.12 or
 * so keep the old timeout on a plain re-add, therefore it is sent as destroy, add in one transaction, or
 * add, delete, add where the kernel knows no destroy. A refused operation costs a few milliseconds more
 * than one that is done. In a concatenated interval set a key that lies in a wider range of somebody else
 * is not deleted but NFTSET_ERROR: the kernel would delete the wider range. Returns the number of
 * operations whose result is neither NFTSET_OK nor NFTSET_ABSENT, or -1 with errno when netlink itself
 * failed; then that is the NFTSET_ERROR of every operation that was not settled before.
 */
int nftset_apply(struct nftset *nftset, struct nftset_op *ops, size_t n);

/*
 * Asks the kernel whether the operation would fit its set (key type, flags, data) and fills in the
 * result; changes nothing. Returns 0, or -1 with errno when netlink itself failed.
 */
int nftset_check(struct nftset *nftset, struct nftset_op *op);

/*
 * Is the operation's key in its set, as an element or within a range? 1: it is; 0: it is not, or the set is of another
 * type; -1: the kernel could not be asked, and the operation's result says why.
 */
int nftset_holds(struct nftset *nftset, struct nftset_op *op);

/*
 * Says why an operation failed and what would mend it, in one line, for instance
 *   inet filter ok: no such set; create it with: nft add set inet filter ok '{ type ipv4_addr; flags timeout; }'
 * Cut at `len`; returns `buf`.
 */
const char *nftset_explain(const struct nftset_op *op, char *buf, size_t len);

#endif
