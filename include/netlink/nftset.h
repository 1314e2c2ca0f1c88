/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes elements of the admin's sets and maps to the kernel: an array of operations in one transaction, with a result
 * for each. Logs nothing. Caches each set's types, flags and timeout for one generation of the ruleset; the kernel
 * refuses a transaction of another generation, so a re-created set needs no special care.
 */
#ifndef KNOCKD_NFTSET_H
#define KNOCKD_NFTSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netlink/nfnl.h"
#include "netlink/nftset_op.h"

/* The owner of elements, who knows which ones it has added. */
struct nftset_owner {
	void *arg;
	/* Is the element that this operation adds probably there, because the owner has added it before? */
	bool (*expects)(void *arg, const struct nftset_op *op);
	/* Has the owner added the element with this operation's key that is there now? */
	bool (*owns)(void *arg, const struct nftset_op *op, const struct nftset_found *found);
};

struct nftset;

/* Borrows the socket. NULL with errno on failure. */
struct nftset *nftset_new(struct nfnl *nfnl);

/* Copied. NULL, as at first: none is expected, and an element is the owner's if nftset_gives() it. */
void nftset_set_owner(struct nftset *nftset, const struct nftset_owner *owner);

/* Has the element this operation's comment, and no more time than this operation gives? */
bool nftset_gives(const struct nftset_op *op, const struct nftset_found *found);

/* How long the element lives that this operation adds; after nftset_apply(). */
uint64_t nftset_lifetime(const struct nftset_op *op);

void nftset_free(struct nftset *nftset); /* NULL is legal */

/*
 * Adds and deletes all `n` elements, in order, in one transaction where they fit. An operation that the
 * kernel refuses is taken out and the rest is tried again, so one bad set costs the others nothing. A refused
 * operation costs a few milliseconds more than one that is done.
 *
 * An element that is there already gets the new timeout, comment and data if it is the owner's, or if the new time is
 * longer than the time it has left. Otherwise it stays as it is: NFTSET_KEPT. The same holds for a range that
 * covers the whole key; if it has less time, the addition is NFTSET_ERROR, because ranges cannot overlap. A delete
 * with `own` leaves an element that is not the owner's: NFTSET_KEPT. The kernel is asked about an element only if it
 * is likely to be there, if the kernel has refused to add it, or if the set has ranges; so a first addition costs no
 * question.
 *
 * In a concatenated interval set a key that lies in a wider range is not deleted but NFTSET_ERROR: the kernel would
 * delete the wider range. Returns the number of operations whose result is none of NFTSET_OK, NFTSET_ABSENT and
 * NFTSET_KEPT, or -1 with errno when netlink itself failed; then that is the NFTSET_ERROR of every operation that was
 * not settled before.
 */
int nftset_apply(struct nftset *nftset, struct nftset_op *ops, size_t n);

/* OK, ABSENT or KEPT. */
bool nftset_is_good(const struct nftset_op *op);

/*
 * Asks the kernel whether the operations would fit their sets (key type, flags, data) and fills in results, keys and
 * lifetimes; changes nothing. Returns 0, or -1 with errno when netlink itself failed.
 */
int nftset_check(struct nftset *nftset, struct nftset_op *ops, size_t n);

/*
 * Visits each element of the set that `set` names with its key (of a range, the beginning). 0, or -1 with errno:
 * ENOENT, there is no such set; EINTR, it has changed meanwhile, and some elements may be missing or have come twice.
 */
int nftset_each(struct nftset *nftset, const struct element *set, nftset_visit *visit, void *arg);

/* Has no other program changed the ruleset since the last nftset_each() began? */
bool nftset_unchanged(struct nftset *nftset);

/*
 * Is the operation's key in its set, as an element or within a range? 1: it is; 0: it is not, or the set is of another
 * type; -1: the kernel could not be asked, and the operation's result says why.
 */
int nftset_holds(struct nftset *nftset, struct nftset_op *op);

/* The element of this key: 1, or 0: it is not there, or -1: the kernel could not be asked. */
int nftset_find(struct nftset *nftset, struct nftset_op *op, struct nftset_found *found);

/*
 * Writes why an operation failed and what would help, in one line, for instance
 *   inet filter ok: no such set; create it with: nft add set inet filter ok '{ type ipv4_addr; flags timeout; }'
 * Cut at `len`; returns `buf`.
 */
const char *nftset_explain(const struct nftset_op *op, char *buf, size_t len);

#endif
