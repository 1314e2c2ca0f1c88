/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Log lines about events; those that knockd 0.8 has are worded as there. Pure. */
#ifndef KNOCKD_LOGTEXT_H
#define KNOCKD_LOGTEXT_H

#include <stddef.h>

#include "netlink/nftset_op.h"
#include "wire/event.h"

/*
 * One line about the event, cut at `len`. `who` is the source, "ADDRESS" or "ADDRESS (NAME)"; `door` is the door's
 * name. Empty for READY and DEALT_WITH, which are not logged. Returns `buf`.
 */
const char *logtext_event(const struct event *event, const char *who, const char *door, char *buf, size_t len);

/* The keys of an element: `grant` and `open`, `revoke` and `close`, `Ban_Set`. */
enum logtext_kind { LOGTEXT_GRANT, LOGTEXT_REVOKE, LOGTEXT_BAN };

/* One line in words about an operation that has succeeded (or NFTSET_ABSENT), as above. */
const char *logtext_element(const struct nftset_op *op, enum logtext_kind kind, const char *who, const char *door,
			    char *buf, size_t len);

/* "grant", "revoke" or "ban" */
const char *logtext_kind_name(enum logtext_kind kind);

#endif
