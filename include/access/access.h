/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a knock leads to. Decides which elements and commands a door's opening means for this knocker,
 * has them done by nftset and closing, and logs it all.
 */
#ifndef KNOCKD_ACCESS_H
#define KNOCKD_ACCESS_H

#include <stdbool.h>
#include <stddef.h>

#include "access/closing.h"
#include "access/grants.h"
#include "conf/conf.h"
#include "lib/log.h"
#include "netlink/nftset.h"
#include "process/lookup.h"
#include "wire/event.h"
#include "wire/ipc.h"

struct access_tools {
	const struct log *log;
	struct nftset *nftset;
	struct grants *grants;
	struct closings *closings;
	struct lookup *lookup; /* NULL without -l */
};

/* What became of a batch of events, between access_act() and access_tell(), which ends it. */
struct access_batch {
	struct nftset_op *ops; /* the elements of all of them, in order */
	size_t n;
	int refused[IPC_BATCH]; /* by event: why an opening is not acted on, as errno; 0: it is */
	int error;              /* why nothing of it was done; 0: it was */
	bool moved_on;          /* a door has another sequence now, or none: other ports are to be watched */
};

/*
 * Acts on at most IPC_BATCH events that event_valid() has passed, in order, as one batch: all their elements go to the
 * kernel in one transaction, since somebody is waiting for that, and nothing is said yet. A door with one-time
 * sequences has its sequence marked in the file before anything else, moves on to the next one in `conf`, or is
 * disabled. A scan's source goes into Ban_Set, and is forgotten here.
 */
void access_act(const struct access_tools *tools, struct conf *conf, const struct event *events, size_t n,
		struct access_batch *batch);

/* Then the same events once more: what is logged of them, kept, and run. */
void access_tell(const struct access_tools *tools, const struct conf *conf, const struct event *events, size_t n,
		 struct access_batch *batch);

/*
 * Opens the door for this address as a knock would, by hand: elements, commands and log lines, but no one-time
 * sequence is used up. 0, or -1 with, in `err`, what the kernel refused first; the rest was done all the same.
 */
int access_grant(const struct access_tools *tools, const struct door *door, const struct addr *ip, char *err,
		 size_t errlen);

/*
 * Asks the kernel about every set that the configuration names and warns of those that would refuse.
 * Nothing is fatal: a set may come later, and is then used.
 */
void access_check(const struct access_tools *tools, const struct conf *conf);

#endif
