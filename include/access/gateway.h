/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A gateway of the group, as sharing.h shows it, and what sharing.h needs of its owner. */
#ifndef KNOCKD_GATEWAY_H
#define KNOCKD_GATEWAY_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/door.h"
#include "lib/addr.h"
#include "share/notice.h"
#include "wire/share.h"

#define SHARING_NEWS 64 /* together at most */

/* What another gateway has told. */
struct sharing_news {
	struct notice notice;
	const char *gateway; /* the name of its author */
	uint64_t left_ms;    /* so long it goes on; 0: without end */
	uint64_t age_ms;     /* since it happened, by the group's clock */
	bool applied;        /* it is in force here */
};

struct sharing_owner {
	void *arg;
	/* Sends a message to the courier. False: it was not taken. */
	bool (*post)(void *arg, const struct share_message *message);
	/* Does here what they say, and sets `applied`: SHARING_NEWS grants at most, or one of another kind. */
	void (*apply)(void *arg, struct sharing_news *news, size_t n);
	/* Has this address an access through the door here? */
	bool (*has)(void *arg, const struct door *door, const struct addr *ip);
	/* To a claim. UNKNOWN: the link is down. */
	void (*answer)(void *arg, uint64_t ticket, enum share_answer answer);
};

struct sharing_state {
	const char *name;   /* of this gateway */
	const char *reason; /* the primary's address; if the link is down, why */
	bool up;
	bool settled;   /* doors with `share = claim` open */
	uint64_t known; /* accesses of the group, with tombstones */
	uint64_t sent, dropped, received, bad, stale, refused, gaps, resyncs, links;
	uint64_t faults; /* reasons why the link was down, one after the other */
	uint64_t claims_yes, claims_no, claims_unknown;
	uint64_t rtt_us;     /* of the last round trip to the server; 0: none */
	uint64_t synced_ago; /* ms since all records were read; UINT64_MAX: never */
};

struct sharing_peer {
	const char *name;   /* "": not known yet */
	uint64_t heard_ago; /* ms */
	uint64_t received, gaps;
};

#endif
