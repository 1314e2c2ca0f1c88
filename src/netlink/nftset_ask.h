/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What nftset asks the kernel about sets and their elements. */
#ifndef KNOCKD_NFTSET_ASK_H
#define KNOCKD_NFTSET_ASK_H

#include "netlink/nfnl.h"
#include "nftset_fit.h"

/* Fills in what the kernel says of the element's set; `to->error` when it says no. */
void nftset_ask_set(struct nfnl *nfnl, struct described *to, const struct element *element);

enum found {
	FOUND_NOTHING,
	FOUND_SAME,
	FOUND_OTHER, /* a range that covers the key's beginning, and is not the key's own */
};

/* Looks for the element in a concatenated interval set. 0, or -1 with errno. */
int nftset_ask_element(struct nfnl *nfnl, const struct encoded *encoded, enum found *found);

/* Is the element in its set? 1, 0, or -1 with errno. */
int nftset_ask_whether(struct nfnl *nfnl, const struct encoded *encoded);

#endif
