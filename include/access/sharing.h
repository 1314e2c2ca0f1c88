/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this gateway tells the others of its group and hears from them. It seals and opens the notices, keeps the
 * group's clock, finds out what is missing, and decides which news counts; foreign.c acts on it. Messages go to the
 * courier through `post`, which never waits: what it cannot take is put again after the next reading of all records.
 *
 * NULL is legal everywhere: this gateway is on its own.
 */
#ifndef KNOCKD_SHARING_H
#define KNOCKD_SHARING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "access/ask.h"
#include "access/gateway.h"
#include "conf/conf.h"
#include "lib/addr.h"
#include "lib/log.h"
#include "lib/network.h"
#include "wire/request.h"
#include "wire/share.h"

struct notice;
struct sharing;

/* Everything is borrowed. NULL with errno when memory is out; ENOSYS: this build cannot share. */
struct sharing *sharing_new(const struct log *log, const struct sharing_owner *owner);
void sharing_free(struct sharing *sharing);

/* This is the configuration from now on. False: no memory. */
bool sharing_follow(struct sharing *sharing, const struct conf *conf);

/* The door of the configuration with the id of a notice. NULL: none. */
const struct door *sharing_door(const struct sharing *sharing, const uint8_t id[static 8]);

/* Does this gateway share accesses? */
bool sharing_is_on(const struct sharing *sharing);

/* ---- the courier --------------------------------------------------------------------------------- */

/* Takes its messages. False: one is malformed. */
bool sharing_take(struct sharing *sharing, const struct share_message *messages, size_t n);

/* It has ended, or a new one has not connected yet. */
void sharing_cut_off(struct sharing *sharing, const char *why);

/* To be called at sharing_next(), in ms of CLOCK_BOOTTIME. */
void sharing_tick(struct sharing *sharing, uint64_t now);
uint64_t sharing_next(const struct sharing *sharing);

/* The users' files were read again: what others have told of users who are new here counts now. */
void sharing_users_read(struct sharing *sharing);

/* Asks for all records now. */
void sharing_resync(struct sharing *sharing);

/* What counts for a user's key, or for the secret of codes. */
struct sharing_count {
	const uint8_t *key; /* ASK_KEY_LEN bytes */
	const char *user;
	uint64_t counter; /* of a knock; of a reset: the highest that it takes back */
	uint64_t reset;   /* see replay_since(); of a reset: which it is */
};

/*
 * What an earlier run has left: an access, and the counter of a user's key. The others hear of it if they and the
 * server know nothing later.
 */
struct sharing_left {
	const char *door;
	const char *user; /* NULL: not by a signed knock */
	const struct addr *ip;
	struct knock_port port; /* 0: all that the door opens */
	int64_t since_wall_ms;
	uint64_t ms; /* so long it still lasts; 0: without end */
};

void sharing_recall(struct sharing *sharing, const struct sharing_left *left);
void sharing_recall_counter(struct sharing *sharing, const struct sharing_count *count);

/* ---- what has happened here ---------------------------------------------------------------------- */

/* Between these two calls a claimed opening is acted on: what the claim has told is not told again. */
void sharing_claimed(struct sharing *sharing, bool claimed);

/* The door was opened for `left_ms`, 0: without end. `ask` is a signed knock's, or NULL. */
void sharing_opened(struct sharing *sharing, const struct door *door, const struct addr *ip, const struct ask *ask,
		    uint64_t left_ms);

/* The last element of this door and address was deleted before its time. */
void sharing_ended(struct sharing *sharing, const char *door, const struct addr *ip);

/*
 * An admin revokes these accesses: those that have ended here already may go on at others. Returns how many notices of
 * such ones were told.
 */
size_t sharing_revoked(struct sharing *sharing, const struct request_whom *whom);

/* An admin has moved the ends of these accesses. */
void sharing_extended(struct sharing *sharing, const struct request_whom *whom, int64_t by_ms);

/* A signed knock has this counter. `claimed`: a claim follows, which is to be the first to use it. */
void sharing_counted(struct sharing *sharing, const struct sharing_count *count, bool claimed);

/* A key was reset here, now or in an earlier run; the others hear of it as long as it matters. */
void sharing_reset(struct sharing *sharing, const struct sharing_count *count);

/* The time of a reset: the group's clock, or without a group this machine's. Each is later than the last one. */
uint64_t sharing_time(struct sharing *sharing);

/* The door's one-time sequence is used up; `claimed`: the server knows that by the claim. */
void sharing_used_up(struct sharing *sharing, const char *door, const struct seq *sequence, bool claimed);

/* Is this the sequence of the notice? */
bool sharing_is_used(const struct sharing *sharing, const struct notice *notice, const char *door,
		     const struct seq *sequence);

void sharing_banned(struct sharing *sharing, const struct addr *ip, uint64_t left_ms);

/*
 * Claims an opening for `left_ms`; `sequence` is a one-time door's, or NULL. The claim tells the access, unless that is
 * none, or one to some of the ports: then the opening does, see sharing_claimed(). Returns the ticket of the answer,
 * which comes later; 0: the answer is not known, since the link is down. sharing_give_up(): an answer would come too
 * late; whatever the server has done is undone.
 */
uint64_t sharing_claim(struct sharing *sharing, const struct door *door, const struct addr *ip, const struct ask *ask,
		       const struct seq *sequence, uint64_t left_ms);
void sharing_give_up(struct sharing *sharing, uint64_t ticket);

/* ---- for knockctl -------------------------------------------------------------------------------- */

/* False: this gateway is on its own. */
bool sharing_look(const struct sharing *sharing, struct sharing_state *state);

/* The peer with this number, from 0 on. False: there is none. */
bool sharing_peer(const struct sharing *sharing, size_t i, struct sharing_peer *peer);

/* Where this access began: the name of another gateway; NULL: here, or it is not known. */
const char *sharing_origin(const struct sharing *sharing, const char *door, const struct addr *ip);

#endif
