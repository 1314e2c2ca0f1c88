/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accesses without an end: they last as long as the gateways have them. The server keeps such a record, and a gateway
 * that does not have the access remembers it, for GROUP_LEASE_MSEC; a gateway that has it renews that when it reads
 * all. Without a link nothing is forgotten, as it is not known whether others go on with it.
 */
#ifndef KNOCKD_ENDLESS_H
#define KNOCKD_ENDLESS_H

#include <stdbool.h>
#include <stdint.h>

#include "group.h"
#include "share/known.h"

bool endless_is(const struct known_access *access);

/* Is the access of the notice, whatever its end, open here? */
bool endless_is_here(const struct sharing *s, const struct notice *notice);

/* Remembers it for so long from now on. */
void endless_hold(struct sharing *s, struct known_access *access, uint64_t ms);

/* The server has it for `stored_ms` more; 0: it was put just now. */
void endless_see(struct sharing *s, struct known_access *access, uint64_t stored_ms);

/* Forgets everything that is over, with an end or without. */
void endless_forget(struct sharing *s, uint64_t now);

#endif
