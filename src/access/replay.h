/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which signed knocks are new. Each key has a counter that only rises: the client's clock in microseconds. The journal
 * keeps the last one, with this machine's clock then, and so how far the client's clock is ahead.
 *
 * The journal may be lost, or older than what was acted on: a power cut takes its last second, a backup is put back,
 * the disk is read-only. So at a start every key's counter must also be above what its client's clock shows then. A key
 * that the journal does not know must be above this machine's clock at the start, and within REPLAY_AGREE of it now:
 * the clocks have to agree for that one knock.
 *
 * A reset takes a key's counters back, up to a certain one. Which of those the key has used is not known, so up to it a
 * knock must also be within REPLAY_AGREE of this machine's clock. All gateways of a group take the same back: a counter
 * up to there is one since this reset, or does not count any more, and a higher one counts with and without the reset.
 */
#ifndef KNOCKD_REPLAY_H
#define KNOCKD_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "journal/journal.h"
#include "lib/addr.h"
#include "lib/moment.h"
#include "signed/knock1.h"

#define REPLAY_AGREE_MSEC 120000
#define REPLAY_LOST_MSEC  2000 /* the journal's last lines may be so much younger than those on the disk */

enum replay_verdict {
	REPLAY_NEW,
	REPLAY_OLD,      /* not above the last one, or above what must be assumed after a start */
	REPLAY_SAME,     /* the last one, from another address: somebody has repeated it */
	REPLAY_AHEAD,    /* the client's clock is too far ahead */
	REPLAY_BEHIND,   /* ... or behind, or the knock was delayed */
	REPLAY_DISAGREE, /* the clocks do not agree at the first knock of a key, or after a reset */
};

/* What is known of a key's knocks. */
struct replay_key {
	uint8_t id[KNOCK1_ID_LEN];
	uint64_t counter;    /* of the last knock, us */
	uint64_t floor;      /* since the start: no counter up to this one counts, us */
	int64_t wall_ms;     /* this machine's clock at the last knock that was accepted; 0: none was */
	int64_t boot_ms;     /* ... and its boot clock; INT64_MIN: that was in an earlier run */
	bool fresh;          /* nothing is known: the clocks have to agree */
	uint64_t taken_back; /* the highest counter that the last reset has taken back, us; 0: there was none */
	uint64_t reset;      /* which reset that was: of two the later one is higher; 0: there was none */
	struct addr ip;      /* of the last knock */
	uint64_t entry;      /* in the journal; 0: none */
	uint64_t refused;    /* knocks since the start */
};

struct replay {
	struct replay_key *keys;
	size_t n;
	struct journal *journal;
	int64_t started_ms; /* this machine's clock at the start, or later: the journal's newest knock and a bit */
	int64_t newest_ms;  /* this machine's clock at the newest knock of the journal */
};

void replay_free(struct replay *replay); /* zeroed is legal */

/* Takes over an entry of an earlier run. False: it is malformed. */
bool replay_take_up(struct replay *replay, const struct journal_entry *entry);

/* After the last replay_take_up(): computes what must be assumed, and keeps every counter in this journal. */
void replay_begin(struct replay *replay, struct journal *journal, struct moment now);

/* The key's state, made if there is none. NULL: no memory. Valid until the next call. */
struct replay_key *replay_key(struct replay *replay, const uint8_t id[static KNOCK1_ID_LEN]);

/* Is this the counter of a new knock? Changes nothing. `off_ms` gets how far it is from what would count. */
enum replay_verdict replay_judge(const struct replay *replay, const struct replay_key *key, uint64_t counter,
				 const struct addr *ip, struct moment now, uint64_t max_ahead_ms, uint64_t max_age_ms,
				 int64_t *off_ms);

/*
 * A knock with this counter has a good signature: no counter up to it counts any more, whatever becomes of the knock.
 * 0, or -1 with errno: it is not on the disk, though `sync` says it must be.
 */
int replay_advance(struct replay *replay, struct replay_key *key, const char *user, uint64_t counter,
		   const struct addr *ip, struct moment now, bool sync);

/*
 * The same for a good signature of a key whose clock is not known, and that does not agree (REPLAY_DISAGREE): it would
 * agree once this machine's clock has got there. The clocks still have to agree for the next one. What a reset has
 * taken back stays so: else a copy of an old knock would undo it.
 */
int replay_burn(struct replay *replay, struct replay_key *key, const char *user, uint64_t counter,
		const struct addr *ip, bool sync);

/* The reset that has taken this counter back, 0: none: then it counts whether a gateway knows of the reset or not. */
uint64_t replay_since(const struct replay_key *key, uint64_t counter);

/* Another gateway has accepted this counter, for which its replay_since() was `since`. */
void replay_raise(struct replay_key *key, uint64_t counter, uint64_t since);

/* The highest counter that counts, or may have before the start. */
uint64_t replay_highest(const struct replay_key *key);

/*
 * Takes the counters up to this one back: the next knock has to be made after `now`, by a clock that agrees. `reset` is
 * later than that of the key. The journal has it, too.
 */
void replay_reset(struct replay *replay, struct replay_key *key, const char *user, uint64_t up_to, uint64_t reset,
		  struct moment now);

#endif
