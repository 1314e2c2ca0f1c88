/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Openings of doors with `share = claim`, until the server of the group has answered; and the verdicts on held knocks,
 * which wait for those before them.
 */
#ifndef KNOCKD_CLAIMS_H
#define KNOCKD_CLAIMS_H

#include "state.h"
#include "wire/share.h"

/*
 * Takes the openings that must be claimed out of `events` and `asks` (as for access_act()), and asks for them. Returns
 * how many events are left. An opening whose answer is not to be had is decided at once.
 */
size_t claims_begin(struct daemon *d, struct event *events, const struct ask **asks, size_t n);

/* Is there a door whose openings must be claimed? */
bool claims_are_needed(const struct daemon *d, const struct event *events, size_t n);

/* Gives the verdicts of these events; those behind an opening under way wait for it. */
void claims_give_verdicts(struct daemon *d, const struct event *events, size_t n);

/* The answer to a claim. */
void claims_answer(struct daemon *d, uint64_t ticket, enum share_answer answer);

/* Decides claims whose time is over; all of them before a reload or the end, which change the doors. */
void claims_tick(struct daemon *d, uint64_t now);
void claims_finish(struct daemon *d);
uint64_t claims_next(const struct daemon *d); /* ms of CLOCK_BOOTTIME; UINT64_MAX: never */

#endif
