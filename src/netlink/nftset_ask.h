/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nftset's questions to the kernel about sets and their elements. */
#ifndef KNOCKD_NFTSET_ASK_H
#define KNOCKD_NFTSET_ASK_H

#include "netlink/nfnl.h"
#include "netlink/nftset_op.h"
#include "nftset_fit.h"

/* Does another process own the element's table (`flags owner`)? Only that process can change such a table. */
bool nftset_ask_owned(struct nfnl *nfnl, const struct element *element);

/*
 * Gets the description of the element's set from the kernel, or the error into `to->error`. `to->owned` is set only if
 * there is no such set: otherwise nftset_ask_owned() takes a question of its own.
 */
void nftset_ask_set(struct nfnl *nfnl, struct described *to, const struct element *element);

/* See nftset_each(). `timeout_ms`: the set's own. */
int nftset_ask_elements(struct nfnl *nfnl, const struct element *set, uint64_t timeout_ms, nftset_visit *visit,
			void *arg);

/* The element of the set that covers a key, or a part of it. */
struct match {
	enum {
		MATCH_NONE,
		MATCH_SAME,
		MATCH_WIDER, /* a range that covers all of the key, and more */
		MATCH_PART,  /* a range that covers a part of the key */
	} kind;
	struct nftset_found found; /* valid if MATCH_SAME or MATCH_WIDER */
};

/* 0, or -1 with errno. */
int nftset_ask_element(struct nfnl *nfnl, const struct encoded *encoded, struct match *match);

/* Is the element in its set? 1, 0, or -1 with errno. */
int nftset_ask_whether(struct nfnl *nfnl, const struct encoded *encoded);

#endif
