/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Elements that a door of the configuration would write, in a set that was loaded, but of no access: "nft list ruleset
 * > file" has saved them, and each load brings them back. They have the door's comment, the fields of its key and no
 * more time than it gives; so an element of the admin, without a time or with another comment, is none.
 */
#ifndef KNOCKD_LEFTOVERS_H
#define KNOCKD_LEFTOVERS_H

#include "conf/conf.h"
#include "grant.h"

struct leftovers;

/* For one look at this place. NULL: no door grants elements there, or there is no memory. `conf` is borrowed. */
struct leftovers *leftovers_new(struct grants *g, const struct place *place, const struct conf *conf);
void leftovers_free(struct leftovers *leftovers); /* NULL is legal, here and below */

/* An element that the look has found, and no grant. */
void leftovers_meet(struct leftovers *leftovers, const void *key, uint32_t key_len, const struct nftset_found *found);

/*
 * Deletes those that were met and have a time, and returns how many were deleted. With `first` those without a time
 * are logged, too; a further look would meet them again. Logs at most LEFTOVERS_LINES elements, and the number of the
 * others.
 */
#define LEFTOVERS_LINES 10
size_t leftovers_remove(struct leftovers *leftovers, bool first);

#endif
