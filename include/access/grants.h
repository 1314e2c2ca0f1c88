/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accesses that are elements of sets. The kernel ends them; until then grants puts back elements that a flush, a reload
 * of the firewall or a restart has removed, with the time that is left. An element that the admin has deleted stays
 * deleted.
 */
#ifndef KNOCKD_GRANTS_H
#define KNOCKD_GRANTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "access/ended.h"
#include "conf/conf.h"
#include "conf/element.h"
#include "journal/journal.h"
#include "lib/addr.h"
#include "lib/log.h"
#include "lib/network.h"
#include "netlink/monitor.h"
#include "netlink/nftset.h"
#include "wire/request.h"

struct grants;

/* Everything is borrowed. NULL with errno when memory is out. */
struct grants *grants_new(const struct log *log, struct nftset *nftset);

/* Frees all grants; they stay in the kernel and in the journal. NULL is legal. */
void grants_free(struct grants *grants);

/* Calls `ended` for each from now on. */
void grants_tell(struct grants *grants, grants_ended *ended, void *arg);

/* Keeps every grant in this journal from now on; borrowed. */
void grants_keep_in(struct grants *grants, struct journal *journal);

/* Takes over an entry of an earlier run, as `door`'s. Then grants_follow() ends it, or grants_restore() puts it back.
 */
void grants_take_up(struct grants *grants, const char *door, const struct journal_entry *entry);

/*
 * This is the configuration from now on. Ends each access whose element no door of it grants any more to the client,
 * deletes the element, and logs it, at most ten times in one call. A door with another name, or another timeout, keeps
 * the access as it is.
 */
void grants_follow(struct grants *grants, const struct conf *conf);

/* This successful operation has added an element, or renewed its timeout. `user` is a signed knock's, or NULL. */
void grants_given(struct grants *grants, const char *door, const char *user, const struct nftset_op *op);

/* The access with this operation's element is over, whatever the kernel has said: it is not put back. */
void grants_taken(struct grants *grants, const struct nftset_op *op);

/*
 * Another program has changed the ruleset: notes which elements to put back. The caller calls grants_restore() after
 * the last event of a series.
 */
void grants_noticed(struct grants *grants, const struct monitor_event *event);

/*
 * Visits the elements that this set of table inet knockd, which is about to be made anew, is to have: those of accesses
 * that there have been in this run, and the ends of those that packets renew, see conf/guard.h. Call grants_noticed()
 * when the set is there: grants_restore() then finds out whether they are.
 */
void grants_fill(struct grants *grants, const char *set, nftset_visit *visit, void *arg);

/* Puts back missing elements whose sets exist, and logs it; grants_tick() tries again after a failure. */
void grants_restore(struct grants *grants, const struct conf *conf);

/* Forgets grants that have expired; tells when the next tick is due, in ms of CLOCK_BOOTTIME (UINT64_MAX: never). */
void grants_tick(struct grants *grants, const struct conf *conf, uint64_t now);
uint64_t grants_next(const struct grants *grants);

/* ---- for knockctl ------------------------------------------------------------------------------ */

struct grant_view {
	const char *door;
	const char *user; /* of a signed knock; NULL: another grant */
	const struct addr *ip;
	const struct element *element; /* with %IP% */
	int64_t since_wall_ms;
	int64_t end_boot_ms; /* INT64_MAX: no end */
	uint64_t idle_ms;    /* it ends when nothing has come for so long; 0: it does not */
	bool waiting;        /* the set is missing, or does not take the element now */
};

/* False: stop. */
typedef bool grants_visit(void *arg, const struct grant_view *view);

/*
 * Visits at most `max` grants, oldest first. `from` is 0 for the first call, then the previous call's result. Returns 0
 * when there are no more.
 */
uint64_t grants_each(struct grants *grants, uint64_t from, size_t max, grants_visit *visit, void *arg);

size_t grants_count(const struct grants *grants);

/* Is there one for an address of this network, or for a network with one? */
bool grants_reach(const struct grants *grants, const struct network *network);

/* How many of them are this door's for this address. */
size_t grants_of(const struct grants *grants, const char *door, const struct addr *ip);

/*
 * Deletes the elements of these accesses, or moves their ends by `by_ms`, which may
 * be negative. Returns how many. A refusal of the kernel is logged; `err` gets the first such line, or is empty. A
 * refused deletion ends the access all the same: it is forgotten, or tried again if packets renew its element. A
 * missing set is no refusal.
 */
size_t grants_revoke(struct grants *grants, const struct request_whom *whom, char *err, size_t errlen);
size_t grants_extend(struct grants *grants, const struct request_whom *whom, int64_t by_ms, char *err, size_t errlen);

#endif
