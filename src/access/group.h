/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of sharing.h, and how a notice of this gateway is made and sent. */
#ifndef KNOCKD_GROUP_H
#define KNOCKD_GROUP_H

#include <stdbool.h>
#include <stdint.h>

#include "access/ask.h"
#include "access/gateway.h"
#include "conf/conf.h"
#include "lib/log.h"
#include "share/hlc.h"
#include "share/known.h"
#include "share/notice.h"
#include "share/peers.h"
#include "share/seal.h"
#include "wire/share.h"

#define TICKETS_MAX 256 /* under way at a time */

/* Between two readings of all records, and for the courier to begin one by itself. */
#define GROUP_PAUSE_MSEC 1000

#define GROUP_RESYNC_MSEC 300000 /* without another reason */

#define GROUP_LEASE_MSEC 900000 /* see endless.h */

#define GROUP_SETTLE_MSEC 2000
#define GROUP_ALONE_MSEC  10000 /* as long as between two of a gateway's notices */

/* A question to the server that is answered: a claim, or how long an answer takes. */
struct ticket {
	uint64_t ticket; /* 0: free */
	bool is_claim, retried;
	uint64_t sent_us;
	struct notice notice; /* a claim's */
	struct share_message message;
};

struct sharing {
	const struct log *log;
	struct sharing_owner owner;
	const struct conf *conf;
	const struct seal_keys *keys; /* NULL: nothing is shared */
	char name[NOTICE_TEXT], group[SHARE_NAME_LEN];
	uint8_t (*doors)[NOTICE_ID_LEN]; /* ids of the configuration's */
	uint64_t origin, run, seq, next_ticket;
	struct hlc hlc;
	struct peers peers;
	struct known known;
	struct ticket tickets[TICKETS_MAX];
	int muted;                              /* nothing is told: another gateway has told it */
	bool claimed;                           /* see sharing_claimed() */
	struct sharing_news news[SHARING_NEWS]; /* of grants that are not opened yet: within one call */
	size_t n_news;
	unsigned reasons; /* that were logged in this outage */
	bool up, syncing, filling;
	uint32_t reading;      /* number of the reading under way, or of the last one */
	uint64_t met;          /* the group's clock at the first HELLO of this connection; 0: there was none */
	uint64_t read, filled; /* ... as the last reading began, and that since when the server has all that is known */
	uint64_t bans_read;    /* ... as the last reading began that has found all bans; 0: there was none */
	uint64_t met_at;       /* ms, like those below */
	uint64_t resync_at, hello_at, fill_at, asked_at, synced_at, up_at, down_at; /* ms */
	char reason[SHARE_REASON];
	struct sharing_state counts;
};

bool group_is_on(const struct sharing *s);

/* As sharing_door(). */
const struct door *group_door(const struct sharing *s, const uint8_t id[static NOTICE_ID_LEN]);

/*
 * Does this gateway know what the others have accepted, so that it may claim? The server may have lost that. The others
 * put what it lacks when they hear the first HELLO of a new connection: for GROUP_SETTLE_MSEC anybody may answer, and
 * those that answer, or were there before, have to say that they have done it, or to be silent for GROUP_ALONE_MSEC.
 */
bool group_is_settled(const struct sharing *s);

/* "?": not known. */
const char *group_name(const struct sharing *s, uint64_t origin);

/* All records are to be read soon. */
void group_want_resync(struct sharing *s, uint64_t now);

/* False: the message was not taken, or the link is down. */
bool group_post(struct sharing *s, const struct share_message *m);

/* A notice of something that happens now; and of an access. */
struct notice group_begin(struct sharing *s, enum notice_kind kind);
struct notice group_about(struct sharing *s, const char *door, const struct addr *ip, const struct ask *ask);
struct notice group_hello(struct sharing *s);

/* 0: without end. group_end_of(): the same on the boot clock. */
void group_set_left(struct sharing *s, struct notice *n, uint64_t left_ms);
uint64_t group_end_of(uint64_t left_ms);

/* Seals the notice as this gateway's, with this number (0: none), as a message that puts it. */
void group_seal(struct sharing *s, struct notice *n, uint64_t seq, struct share_message *m);

/* ... and the server keeps it; 0: as long as it is told. An access without end is to be renewed. */
void group_store(struct share_message *m, const struct notice *n, uint64_t left_ms);

/* Puts it with the next number, which the server keeps; `more` has further conditions, or is NULL. False: not taken. */
bool group_put(struct sharing *s, struct notice *n, uint64_t left_ms, const struct share_message *more);

/* Remembers the newest news. NULL: no memory, or there are too many. */
struct known_access *group_know(struct sharing *s, const struct notice *n, uint64_t end);

/* The newest news of an access, which lasts for `left_ms` more (0: without end): keeps it and puts it. */
void group_tell(struct sharing *s, struct notice *n, uint64_t left_ms);

#endif
