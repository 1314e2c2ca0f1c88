/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Judges what a journal says: only accesses that a door of this configuration can have made are taken over. So a
 * journal that another user has written runs no command of that user's and opens nothing that no door opens. Pure.
 */
#ifndef KNOCKD_REMEMBERED_H
#define KNOCKD_REMEMBERED_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/conf.h"
#include "journal/entry.h"

/*
 * The door whose stop command, for the entry's address, is the entry's text; or which grants the entry's element,
 * whatever its timeout, within Max_Prefix. A door of the entry's name comes first. NULL: there is none.
 */
const struct door *remembered_door(const struct conf *conf, const struct journal_entry *entry);

/* Does a door grant this element, whatever its timeout, to clients of the family, within Max_Prefix? */
bool remembered_is_granted(const struct conf *conf, const struct element *element, enum conf_family family);

/*
 * May the element be deleted that no door grants, if it has the comment of the entry's door? Not a ban, which has a
 * comment, too.
 */
bool remembered_may_end(const struct conf *conf, const struct journal_entry *entry);

/* One printable line about an entry without a door. Cut at `len`; returns `buf`. */
const char *remembered_refusal(const struct journal_entry *entry, char *buf, size_t len);

#endif
