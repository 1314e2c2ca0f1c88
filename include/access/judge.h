/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Judges signed knocks: is the key one of the users', the knock new and the signature good, and may the user do what
 * the knock asks for? The engine has opened the seal; an engine that an attacker has taken over can leave knocks out
 * and delay them, but not make one.
 *
 * Logs each refusal; those that need no user's key, and so could be many, within a limit.
 */
#ifndef KNOCKD_JUDGE_H
#define KNOCKD_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "access/ask.h"
#include "access/codes.h"
#include "conf/conf.h"
#include "journal/journal.h"
#include "lib/log.h"
#include "wire/event.h"

struct judge;

/* Borrows both. NULL with errno when memory is out. */
struct judge *judge_new(const struct log *log, struct codes *codes);
void judge_free(struct judge *judge); /* NULL is legal, here and below: it accepts nothing */

/* Tells other gateways the counters of knocks from now on; borrowed. */
struct sharing;
struct sharing_count;
void judge_share(struct judge *judge, struct sharing *sharing);

/* Another gateway has accepted a knock of this key, or has reset it. False: nobody has it. */
bool judge_heard(struct judge *judge, const struct sharing_count *count);
bool judge_heard_reset(struct judge *judge, const struct sharing_count *count, const char *gateway);

/* Tells other gateways the counters and resets of earlier runs. */
void judge_recall(const struct judge *judge);

/* Takes over a JOURNAL_COUNTER entry of an earlier run. False: it is malformed. */
bool judge_take_up(struct judge *judge, const struct journal_entry *entry);

/* After the last judge_take_up(): keeps the counters in this journal, which may be NULL; borrowed. */
void judge_keep_in(struct judge *judge, struct journal *journal);

/*
 * Reads the users' keys from `fd`, which it closes, see authorized_read(). Logs errors, and names
 * that stand for nothing, see access/names.h. A file that cannot be read at all leaves the keys as they were: 0, or -1.
 */
int judge_read_users(struct judge *judge, int fd, uid_t owner, const struct conf *conf);

enum judge_word {
	JUDGE_REFUSED,
	JUDGE_OPEN,  /* `ask` and `verdict` say how */
	JUDGE_PROBE, /* it would open the door, and asks for no more */
	JUDGE_CLOSE, /* the user wants the accesses of that address through that door to end */
};

struct judge_verdict {
	uint32_t door;
	struct addr ip; /* the address to let in */
	struct ask ask;
};

enum judge_word judge_decide(struct judge *judge, const struct conf *conf, const struct event *event,
			     struct judge_verdict *verdict);

/* ---- for knockctl ------------------------------------------------------------------------------ */

struct judge_user {
	const char *name;
	const char *key; /* its fingerprint */
	int line;
	int64_t last_wall_ms;  /* of the last accepted signature; 0: never */
	const struct addr *ip; /* ... and from where */
	uint64_t refused;      /* knocks since the start */
	bool expired;
};

/* False: stop. */
typedef bool judge_visit(void *arg, const struct judge_user *user);

/* Visits the users from number `from` on; returns the number of the first that was not visited, 0: there are no more.
 */
size_t judge_each(const struct judge *judge, size_t from, judge_visit *visit, void *arg);

/* Takes back the counters of this user's keys, up to Max_Ahead, see replay.h; returns the number of keys. */
size_t judge_reset(struct judge *judge, const struct conf *conf, const char *user);

#endif
