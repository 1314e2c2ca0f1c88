/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The accesses that are elements of sets: who, through which door, until when. The kernel ends them by
 * itself; this keeps them alive until then. What a flush, a reload of the firewall or a restart has taken
 * away comes back with the time that is left; what an admin has deleted stays deleted.
 */
#ifndef KNOCKD_GRANTS_H
#define KNOCKD_GRANTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/element.h"
#include "journal/journal.h"
#include "lib/addr.h"
#include "lib/log.h"
#include "netlink/monitor.h"
#include "netlink/nftset.h"

struct grants;

/* Everything is borrowed. NULL with errno when memory is out. */
struct grants *grants_new(const struct log *log, struct nftset *nftset);

/* Forgets them all: those with a time stay in kernel and journal. NULL is legal. */
void grants_free(struct grants *grants);

/* From here on everything is kept in it; borrowed. */
void grants_keep_in(struct grants *grants, struct journal *journal);

/* What an earlier run has left; grants_restore() then puts it back. */
void grants_take_up(struct grants *grants, const struct journal_entry *entry);

/* An element was added (again: its time begins anew) or deleted by this successful operation. */
void grants_given(struct grants *grants, const char *door, const struct nftset_op *op);
void grants_taken(struct grants *grants, const struct nftset_op *op);

/*
 * What somebody else did. Notes what has to be put back; the caller calls grants_restore() when it has
 * told everything, and again when a set may be there that was missing.
 */
void grants_noticed(struct grants *grants, const struct monitor_event *event);

/* Puts back what is missing as far as its set exists; grants_tick() tries again what failed. Logs what it did. */
void grants_restore(struct grants *grants);

/*
 * Forgets what the kernel has ended by now; and when there is something to do again, in ms of CLOCK_BOOTTIME
 * (UINT64_MAX: never).
 */
void grants_tick(struct grants *grants, uint64_t now);
uint64_t grants_next(const struct grants *grants);

/* ---- for whoever looks and steers -------------------------------------------------------------- */

struct grant_view {
	const char *door;
	const struct addr *ip;
	const struct element *element; /* as the door has it, with %IP% */
	int64_t since_wall_ms;
	int64_t end_boot_ms; /* INT64_MAX: it has no end */
};

/* False: no more of them. */
typedef bool grants_visit(void *arg, const struct grant_view *view);

/*
 * Shows at most `max` of them, oldest first, beginning behind the one that the call before ended with
 * (`from` is 0 at first, then what was returned). Returns 0 when there are no more.
 */
uint64_t grants_each(struct grants *grants, uint64_t from, size_t max, grants_visit *visit, void *arg);

size_t grants_count(const struct grants *grants);

/*
 * Deletes the elements of this knocker (NULL: everybody) through this door (NULL: any), or gives them
 * `by_ms` more (less, when it is negative). Returns how many. What the kernel refuses is logged and left as it was;
 * `err` has the first such line, or is empty.
 */
size_t grants_revoke(struct grants *grants, const struct addr *ip, const char *door, char *err, size_t errlen);
size_t grants_extend(struct grants *grants, const struct addr *ip, const char *door, int64_t by_ms, char *err,
		     size_t errlen);

#endif
