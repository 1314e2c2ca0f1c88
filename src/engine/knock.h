/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The matcher: follows every source through the doors' sequences. No I/O and no clock: the caller gives the time. Only
 * knock_new() allocates.
 *
 * A source has at most one attempt per door; attempts are independent. A hit advances an attempt, ends it, or is
 * ignored: wrong TCP flags for this door, a retransmission of a hit of the attempt, an earlier port again with
 * AllowDuplicates, the door's cool-down. A hit on a door's first port begins an attempt, unless the source's attempt at
 * that door takes or ignores the hit. An attempt ends `seq_timeout` seconds after its first hit, after 30 days at the
 * latest. After a success a door with one-time sequences goes on to its next one and forgets the attempts at the old
 * one.
 *
 * A packet to a port that is in no sequence of any door is no hit. It counts against its source's attempts at a door if
 * it opens a TCP connection, or if a scan of such packets could open that door: TCP with the door's flags, UDP if the
 * door has UDP ports. `scan_guard` different ports, as far as can be told in 32 bits, end the attempt.
 */
#ifndef KNOCKD_KNOCK_H
#define KNOCKD_KNOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"
#include "packet.h"
#include "wire/event.h"

struct knock;

/* Called from knock_feed and knock_expire; `event` is valid during the call only. */
typedef void knock_emit(void *arg, const struct event *event);

/*
 * Borrows `conf`, which must outlive the matcher. `secret` keys the hash of source addresses, so that an attacker
 * cannot choose sources that collide. NULL with errno when memory is out.
 */
struct knock *knock_new(const struct conf *conf, const uint8_t secret[static 16], knock_emit *emit, void *arg);
void knock_free(struct knock *knock); /* NULL is legal */

struct knock_hit {
	struct packet packet;
	bool local; /* the destination is this host: doors without Target take it */
};

/*
 * Takes `n` packets in the order in which they came; `now` is in milliseconds of a clock that never goes back. Expires
 * due attempts first. The result is that of `n` calls with one packet each, but the memory of KNOCK_BATCH packets is
 * prefetched together: about twice as fast with many attempts.
 */
#define KNOCK_BATCH 32
void knock_feed(struct knock *knock, const struct knock_hit *hits, size_t n, uint64_t now);

/*
 * A signed knock for this door. Returns the length of the door's sequence if it is its last step: the only one, or the
 * attempt of the source has taken all others; the attempt then ends. Otherwise 0, and no attempt changes.
 */
uint8_t knock_signed(struct knock *knock, uint16_t door, const struct knock_hit *hit, uint64_t now);

/* Ends every attempt that is due. */
void knock_expire(struct knock *knock, uint64_t now);

/* When the next attempt is due, on the clock of `now`; UINT64_MAX: there is none. */
uint64_t knock_next(const struct knock *knock);

/* Attempts under way, and attempts evicted because the table was full. */
uint32_t knock_attempts(const struct knock *knock);
uint64_t knock_evicted(const struct knock *knock);

#endif
