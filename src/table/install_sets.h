/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sets of the table: made and filled, kept with their elements, or copied into new ones. */
#ifndef KNOCKD_INSTALL_SETS_H
#define KNOCKD_INSTALL_SETS_H

#include <stdbool.h>

#include "lib/text.h"
#include "rules.h"
#include "table/ruleset.h"
#include "transaction.h"

struct install {
	const struct rules *rules;
	bool own;                      /* the socket shall own the table */
	bool same;                     /* no port begins to be cut */
	char begun[RULESET_BEGUN_LEN]; /* ports that do */
	struct pen begun_pen;
	ruleset_elements *elements; /* for sets that are new, see struct ruleset; NULL: none */
	void *elements_arg;
	bool emptied; /* a set whose elements were to be kept is new */
	bool given;   /* ... and has got some of `elements` */
	bool bare;    /* that has failed, and `elements` are left out */
	struct transaction transaction;
};

/*
 * Must the table be made anew? One transaction cannot wake and fill a dormant one (`flags dormant`), and the kernel
 * keeps a table without its owner only if it was made so.
 */
bool install_sets_need_new_table(const struct install *install);

/* Does the set stay, with its elements? */
bool install_sets_is_kept(const struct install *install, const struct port_set *set);

/* Adds all sets that do not stay; sets `begun`, `emptied` and `given`. 0, or -1 with errno. */
int install_sets_put(struct install *install);

#endif
