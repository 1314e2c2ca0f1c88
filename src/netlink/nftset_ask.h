/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nftset's questions to the kernel about sets and their elements. */
#ifndef KNOCKD_NFTSET_ASK_H
#define KNOCKD_NFTSET_ASK_H

#include "netlink/nfnl.h"
#include "nftset_fit.h"

/* Does another process own the element's table (`flags owner`)? Only that process can change such a table. */
bool nftset_ask_owned(struct nfnl *nfnl, const struct element *element);

/*
 * Gets the description of the element's set from the kernel, or the error into `to->error`. `to->owned` is set only if
 * there is no such set: otherwise nftset_ask_owned() takes a question of its own.
 */
void nftset_ask_set(struct nfnl *nfnl, struct described *to, const struct element *element);

enum found {
	FOUND_NOTHING,
	FOUND_SAME,
	FOUND_OTHER, /* another range, which covers the key's beginning */
};

/* Looks for the element in a concatenated interval set. 0, or -1 with errno. */
int nftset_ask_element(struct nfnl *nfnl, const struct encoded *encoded, enum found *found);

/* Is the element in its set? 1, 0, or -1 with errno. */
int nftset_ask_whether(struct nfnl *nfnl, const struct encoded *encoded);

#endif
