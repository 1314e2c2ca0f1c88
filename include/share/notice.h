/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a gateway tells the others: a plain value of NOTICE_LEN bytes, sealed by seal.h. It names a door, an address and
 * a time, and never a set or a command. Integers are big-endian.
 *
 *     0  1  version 1         1 1 kind      2 1 zero      3 1 address family: 0, 4 or 6
 *     4  1  protocol          5 1 zero      6 2 port
 *     8  8  origin: the gateway that has sent it             16 8 run: random at each start of its daemon
 *    24  8  number of the notice in this run; 0: none        32 8 time, see hlc.h
 *    40  8  author: the gateway where it happened            48 8 door: the first bytes of BLAKE2b-128(its name);
 *                                                                   COUNTER, RESET: time of the key's last reset
 *    56 16  address, IPv4 in the first four bytes
 *    72  8  time left in ms, 0: no end                       80 8 end by the clock of hlc.h, ms; 0: no end
 *    88  8  id of a user's key                               96 8 its counter; HELLO: connections in this run;
 *                                                                   RESET: the highest counter that is taken back
 *   104 48  name of the user, or HELLO: of the gateway; ONCE: keyed hash of the sequence, 16 bytes
 *   152  8  HELLO: the time of the sender's reading since when the server has all that it knows; 0: none, and else
 */
#ifndef KNOCKD_NOTICE_H
#define KNOCKD_NOTICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "wire/share.h"

#define NOTICE_LEN    SHARE_PLAIN
#define NOTICE_ID_LEN 8
#define NOTICE_TEXT   48 /* with a NUL */
#define NOTICE_ONCE   16
#define NOTICE_SKEW_MS \
	10000 /* what the group's clock may differ between two gateways: they hear of each other every 10 s */

enum notice_kind {
	NOTICE_HELLO = 1, /* the gateway is there */
	NOTICE_GRANT,     /* this address has an access through this door */
	NOTICE_REVOKE,    /* it has none any more; the time left is that of the access */
	NOTICE_COUNTER,   /* a signed knock of this key has this counter */
	NOTICE_ONCE_USED, /* a one-time sequence of this door is used up */
	NOTICE_BAN,       /* the address is banned */
	NOTICE_RESET,     /* the counters of this key up to this one are taken back, see access/replay.h */
	NOTICE_KINDS
};

struct notice {
	enum notice_kind kind;
	uint8_t proto; /* GRANT, REVOKE: the port asked for; 0: none */
	uint16_t port;
	uint64_t origin, run, seq, hlc, author;
	uint8_t door[NOTICE_ID_LEN];
	struct addr ip; /* family 0: none */
	uint64_t left_ms;
	int64_t end_ms;
	uint8_t key[NOTICE_ID_LEN];
	uint64_t counter;
	uint64_t reset; /* COUNTER: 0 if it is above what was taken back */
	char text[NOTICE_TEXT];
	uint8_t once[NOTICE_ONCE];
	uint64_t filled; /* HELLO */
};

/* The id of a door's name. */
void notice_door_id(const char *name, uint8_t id[static NOTICE_ID_LEN]);

void notice_pack(const struct notice *notice, uint8_t bytes[static NOTICE_LEN]);

/* 0, or -1: another version, or not what notice_pack() makes of a notice that makes sense. */
int notice_unpack(struct notice *notice, const uint8_t bytes[static NOTICE_LEN]);

/* Is `a` about something later than `b`? Both are about the same access. */
bool notice_is_newer(const struct notice *a, const struct notice *b);

/*
 * How long the access goes on, when the group's clock shows `now_ms`; 0: it is over. UINT64_MAX: no end. `stored_ms` is
 * what the server says about a stored record, 0: nothing. Nothing makes the time longer than the sender has said.
 */
uint64_t notice_left(const struct notice *notice, uint64_t stored_ms, int64_t now_ms);

#endif
