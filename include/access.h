/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a knock leads to. Decides which elements and commands a door's opening means for this knocker,
 * has them done by nftset and closing, and logs it all.
 */
#ifndef KNOCKD_ACCESS_H
#define KNOCKD_ACCESS_H

#include <stdbool.h>
#include <stddef.h>

#include "closing.h"
#include "conf.h"
#include "event.h"
#include "grants.h"
#include "log.h"
#include "lookup.h"
#include "nftset.h"

struct access_tools {
	const struct log *log;
	struct nftset	 *nftset;
	struct grants	 *grants;
	struct closings	 *closings;
	struct lookup	 *lookup; /* NULL without -l */
};

/*
 * Acts on at most IPC_BATCH events that event_valid() has passed, in order, as one batch: all their elements go to the
 * kernel in one transaction first, since somebody is waiting for that; logs and commands follow. A door
 * with one-time sequences has its sequence marked in the file before anything else, moves on to the next
 * one in `conf`, or is disabled. Returns true when that happened: other ports are then to be watched. A scan's source
 * goes into Ban_Set, and is forgotten here.
 */
bool access_apply(const struct access_tools *tools, struct conf *conf, const struct event *events, size_t n);

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
