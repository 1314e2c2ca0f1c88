/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The matcher: which source is how far in which door's sequence. Pure: no I/O and no clock; the
 * caller says what time it is. Everything is allocated by knock_new(); a packet allocates nothing.
 *
 * Per source and door there is at most one attempt; attempts do not know of each other. A hit
 * advances an attempt, or is ignored by it (wrong TCP flags for this door, a retransmission of the
 * packet just accepted), or ends it. A hit that advances no attempt of a door, and is the door's
 * first port, begins one. An attempt ends `seq_timeout` seconds after its first hit, after 30 days at the latest. A
 * door that has one-time sequences goes on to the next after each success; attempts at the one before are forgotten.
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
 * `conf` is borrowed and must outlive the matcher. `secret` keys the hash of source addresses, so
 * that nobody outside can choose sources that get into each other's way. NULL with errno when memory is out.
 */
struct knock *knock_new(const struct conf *conf, const uint8_t secret[static 16], knock_emit *emit, void *arg);
void knock_free(struct knock *knock); /* NULL is legal */

struct knock_hit {
	struct packet packet;
	bool local; /* the destination is an address of this machine, so doors without Target take it */
};

/*
 * `n` packets in the order in which they came, `now` in milliseconds of a clock that never goes back. Expires first
 * what is due. Does just what `n` calls with a packet each would do, but waits for the memory of up to KNOCK_BATCH of
 * them at the same time: with many attempts that is about twice as fast.
 */
#define KNOCK_BATCH 32
void knock_feed(struct knock *knock, const struct knock_hit *hits, size_t n, uint64_t now);

/* Ends every attempt that is due. */
void knock_expire(struct knock *knock, uint64_t now);

/* When the next attempt is due, in the same milliseconds; UINT64_MAX: none is under way. */
uint64_t knock_next(const struct knock *knock);

/* Attempts under way, and attempts pushed out early because the table was full. */
uint32_t knock_attempts(const struct knock *knock);
uint64_t knock_evicted(const struct knock *knock);

#endif
