/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's table inet knockd, which another version or the admin may have made. */
#ifndef KNOCKD_LOOK_H
#define KNOCKD_LOOK_H

#include <libnftnl/set.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netlink/nfnl.h"

/* NFT_TABLE_F_OWNER and NFT_TABLE_F_PERSIST, which the headers of older kernels lack: Linux 5.12 and 6.9 have them. */
#define LOOK_TABLE_OWNER   0x2
#define LOOK_TABLE_PERSIST 0x4

struct look_set {
	char *name;
	uint32_t type, len, flags;  /* of the key; NFT_SET_* */
	struct nftnl_set *elements; /* NULL: not read */
};

struct look_chain {
	char *name;
	bool base;     /* a filter chain at a hook, with policy accept */
	uint32_t hook; /* NF_INET_* */
	int32_t priority;
};

struct look {
	uint32_t generation; /* of the ruleset, before the first dump */
	bool there;          /* there is such a table */
	uint32_t flags;      /* NFT_TABLE_F_* */
	uint32_t owner;      /* the netlink port of the socket that owns it; 0: none */
	struct look_chain *chains;
	struct look_set *sets; /* and maps, but no anonymous ones */
	size_t n_chains, n_sets;
};

/* 0, also when there is no such table; -1 with errno. Call look_free() in either case. */
int look_at(struct look *look, struct nfnl *nfnl);
void look_free(struct look *look);

/* Reads the set's elements. 0, or -1 with errno. */
int look_elements(struct look_set *set, struct nfnl *nfnl);

bool look_has_chain(const struct look *look, const char *name);

#endif
