/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The grants in memory. A place is a set of the ruleset, a kind holds the door and the element's text, which many
 * grants share. A grant holds the client's address, the key in the kernel's set, and the end. It is in a list by age,
 * in a heap by end, and in a hash table by set and key, because the kernel's events name these.
 */
#ifndef KNOCKD_GRANT_H
#define KNOCKD_GRANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "access/ended.h"
#include "conf/conf.h"
#include "conf/element.h"
#include "journal/journal.h"
#include "lib/addr.h"
#include "lib/buckets.h"
#include "lib/log.h"
#include "lib/timers.h"
#include "netlink/nftset.h"

/* An element and its grant may differ by this much in the time they have left: the clocks are not the same. */
#define GRANT_SLACK_MSEC 2000

/* A set that grants or doors name. */
struct place {
	struct place *next;
	struct element set; /* family, table and set alone */
	unsigned kinds;
	bool named; /* by a door of the configuration */
	/* ... and a file may have brought elements into it that were ours: look for them so many times, at most */
	uint8_t loaded;
	bool changed;  /* elements may have been removed, or others loaded: look at it */
	bool again;    /* after a while, too */
	bool missing;  /* there is no such set */
	bool full;     /* it had no room for an element at the last look */
	bool renews;   /* it has flags dynamic: a rule of the admin's may renew elements */
	bool looked;   /* in the restoring under way */
	uint32_t look; /* number of that look, or of the last one */
};

struct kind {
	struct kind *next;
	struct place *place;
	char *door;
	char *user;    /* who has knocked with a signature; NULL: another grant */
	char *comment; /* of the elements */
	char *text;    /* of the element */
	char *twin;    /* set with the ends of the elements of this one, see conf/guard.h; NULL: none */
	uint64_t hash; /* of `text` */
	struct element element;
	unsigned bits; /* of an address that its key has; see element_prefix() */
	unsigned grants;
	uint64_t idle_ms;            /* see struct element */
	bool granted[CONF_FAMILIES]; /* by the configuration to clients of the family; see grants_follow() */
};

struct grant {
	struct timer timer; /* must be first: timers_due() returns it */
	struct kind *kind;
	struct grant *older, *newer;
	struct bucket_link link, ip_link;
	uint64_t serial; /* increases along the list by age, for grants_each() */
	uint64_t journal_id;
	struct addr ip;
	int64_t since_wall_ms;
	int64_t end_boot_ms; /* INT64_MAX: none. The kernel may end an idle access before */
	uint64_t given_ms;   /* time of the element when it was written last; 0: not known */
	bool there;          /* the element is in its set, as far as known */
	bool refused;        /* the kernel has refused to delete it, which the log says */
	bool met;            /* an element with this key is there, and it must be written anew */
	bool put;            /* by grants_fill() since the last restoring, and likely there, with its twin */
	uint32_t seen;       /* the last look that has found it as it should be */
	uint32_t key_len;    /* 0: not known yet, and not in the hash table */
	uint8_t key[NFTKEY_LEN_MAX];
};

struct grants {
	grants_ended *ended;
	void *ended_arg;
	const struct log *log;
	struct nftset *nftset;
	struct journal *journal;
	struct timers timers;
	struct place *places;
	struct kind *kinds;
	struct grant *oldest, *newest;
	struct buckets buckets;    /* by set and key */
	struct buckets ip_buckets; /* by address */
	size_t n;
	uint64_t next_serial;
	struct grant *next_shown; /* where the next grants_each() probably continues, or NULL */
	uint64_t retry_at;        /* when grants_tick() restores again; UINT64_MAX: never */
	bool failing;             /* because the last restoring failed */
	uint32_t looks;           /* so far, see struct grant */
	bool followed;            /* grants_follow() was called */
};

/* After a load. */
#define GRANT_LOOKS 4

/* Operations on elements and their grants, for one call of nftset_apply(). */
#define GRANT_BATCH 1024
struct grant_batch {
	struct nftset_op ops[GRANT_BATCH];
	struct grant *grants[GRANT_BATCH];
	size_t n;
};

/* ---- kinds ------------------------------------------------------------------------------------- */

/* The place of this set, made if there is none. NULL: no memory. */
struct place *grant_place(struct grants *g, const struct element *set);

/* May a rule of the admin's renew the element? Known of an operation that was tried or checked. */
bool grant_is_renewable(const struct nftset_op *op);

bool grant_is_in(const struct place *place, uint8_t family, const char *table, const char *set);

/* The kind with this door, user (or NULL) and element, made if there is none. NULL: no memory, or the text is no
 * element. */
struct kind *grant_kind(struct grants *g, const char *door, const char *user, const char *text);

/* Frees kinds without grants, off the path of a knock, and places that nothing names. */
void grant_sweep(struct grants *g);

/* ---- grants ------------------------------------------------------------------------------------ */

/* Makes the first hash table. 0, or -1 without memory. */
int grant_prepare(struct grants *g);

/* The newest grant from now on, without key and end. NULL: no memory. */
struct grant *grant_add(struct grants *g, struct kind *kind, const struct addr *ip);

/* Forgets the grant, here and in the journal. */
void grant_drop(struct grants *g, struct grant *grant);

/* The element has more time left than the grant, because it was renewed: the access lasts as long. */
void grant_follow(struct grants *g, struct grant *grant, uint64_t left_ms);

/* The same as grant_drop(), and tells of it: the access is over, not only its place in memory. */
void grant_finish(struct grants *g, struct grant *grant, enum grants_end why);

/*
 * The operation, a deletion, was to end the access. The same, unless the kernel has refused it and packets renew the
 * element: it would never end then, so it is tried again until it succeeds.
 */
void grant_end(struct grants *g, struct grant *grant, const struct nftset_op *op, enum grants_end why);

/* How many are this door's for this address. */
size_t grant_count(const struct grants *g, const char *door, const struct addr *ip);

struct grant *grant_find(const struct grants *g, uint8_t family, const char *table, const char *set, const void *key,
			 uint32_t key_len);
void grant_set_key(struct grants *g, struct grant *grant, const void *key, uint32_t key_len);

/* INT64_MAX: none. What packets renew is looked at before. */
void grant_set_end(struct grants *g, struct grant *grant, int64_t end_boot_ms);

/*
 * Writes the element that lets packets renew the grant's, see conf/guard.h. For a grant that nothing renews it does
 * nothing. An error is logged: the access may end earlier then, and not later.
 */
void grant_write_end(struct grants *g, struct grant *grant);

/* In ms; 0: no end. At least 1, the kernel's minimum: the next tick forgets a grant that has just expired. */
uint64_t grant_left(const struct grant *grant);

/*
 * Is the element that was found the one that the grant has written? Another program may have given it more time, or
 * none at all.
 */
bool grant_is_as_given(const struct grant *grant, const struct nftset_found *found);

/* Grants of an earlier run have no key yet: the key takes the set's type. For the places that have changed. */
void grant_find_keys(struct grants *g, struct grant_batch *b);

/* Visits the elements of the place, as a new look. 0, also if there is no such set, or -1 with errno. */
int grant_look(struct grants *g, struct place *place, nftset_visit *visit, void *arg);

/* Forgets grants that have ended at `now`, in ms of CLOCK_BOOTTIME. */
void grant_end_due(struct grants *g, uint64_t now);

/* ---- log --------------------------------------------------------------------------------------- */

/* Logs why the element cannot be `done`. `err`: for knockctl, gets the first of several lines; or NULL. */
void grant_log_misfit(const struct grants *g, const struct grant *grant, const char *done, const struct nftset_op *op,
		      char *err, size_t errlen);

/* Logs that the element is another program's now. */
void grant_log_kept(const struct grants *g, const struct grant *grant, const char *what, const struct nftset_op *op);

#endif
