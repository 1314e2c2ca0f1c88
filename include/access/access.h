/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Carries out openings: finds the door's elements and commands for the client's address, passes them to nftset and
 * closing, and logs them.
 */
#ifndef KNOCKD_ACCESS_H
#define KNOCKD_ACCESS_H

#include <stdbool.h>
#include <stddef.h>

#include "access/ask.h"
#include "access/tools.h"
#include "conf/conf.h"
#include "netlink/nftset.h"
#include "wire/event.h"
#include "wire/ipc.h"

/* The state of a batch of events between access_act() and access_tell(), which frees it. */
struct access_made {
	struct element element;
	char comment[ELEMENT_COMMENT_MAX];
};

struct access_batch {
	const struct ask *const *asks; /* by event, as given */
	struct nftset_op *ops;         /* of all events, in order */
	size_t n;
	int refused[IPC_BATCH];        /* by event: errno of a refused opening, or 0 */
	const char *spared[IPC_BATCH]; /* by event: why a scan leads to no ban; NULL: it does */
	int error;                     /* errno if the whole batch was refused, or 0 */
	bool moved_on;            /* a one-time door has another sequence now, or none: the rules' ports must change */
	struct access_made *made; /* elements and comments of the openings that signed knocks ask for */
	size_t n_made;
	bool engine_ahead; /* a one-time door was refused: nothing it opens counts before there is a new engine */
};

/*
 * `asks` has for each event what a signed knock asks for, or NULL; it is valid until access_tell() returns.
 *
 * Acts on at most IPC_BATCH events that event_valid() has passed, in order: sends all their elements to the kernel in
 * one transaction. Logs nothing yet, because clients are waiting. An opening is refused from an address that no host
 * can have, and if there would be more than Max_Grants accesses then: one that renews what there is goes through. A
 * door with one-time sequences first has its sequence marked in the file, then moves on to the next one in `conf`, or
 * is disabled. One that is refused keeps its sequence, though the engine has gone on from it. A scan's source goes into
 * Ban_Set, unless bans_spare() says why not, and is not remembered.
 */
void access_act(const struct access_tools *tools, struct conf *conf, const struct event *events,
		const struct ask *const *asks, size_t n, struct access_batch *batch);

/* Logs the same events, remembers their grants, and runs their commands. */
void access_tell(const struct access_tools *tools, const struct conf *conf, const struct event *events, size_t n,
		 struct access_batch *batch);

/*
 * Opens this door of `conf` for the address at the admin's request: elements, commands and log lines as after a knock,
 * but no one-time sequence is used up. 0, or -1 with the first refusal of the kernel in `err`; the rest was done.
 * Nothing is done when Max_Grants is reached.
 */
int access_grant(const struct access_tools *tools, const struct conf *conf, const struct door *door,
		 const struct addr *ip, char *err, size_t errlen);

/* Would this opening be acted on, or refused at once: beyond Max_Grants, or from an address that no host has? */
bool access_admits(const struct access_tools *tools, const struct conf *conf, const struct event *event);

/* How long an opening for the address would last, in ms; 0: without end, or a set decides. */
uint64_t access_would_last(const struct door *door, const struct addr *ip, const struct ask *ask);

/* What another gateway has opened. */
struct access_admission {
	const struct door *door; /* the one of its name here; NULL: none */
	struct addr ip;
	struct ask ask; /* time and port; user "": none */
	const char *gateway;
	bool admitted; /* set by access_admit() */
};

/*
 * Admits the addresses here: all elements in one transaction, and log lines, but no commands. Within Max_Grants, of
 * which the log tells.
 */
void access_admit(const struct access_tools *tools, const struct conf *conf, struct access_admission *at, size_t n);

/* Another gateway has banned the address for `left_ms`; for no longer than Ban_Time here, and unless bans_spare(). */
void access_ban(const struct access_tools *tools, const struct conf *conf, const struct addr *ip, uint64_t left_ms,
		const char *gateway);

#endif
