/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signed knocks before their signature is looked at: tells them from garbage, limits them, and opens their seal. The
 * cheap steps come first: a datagram without the site key's tag costs one SipHash, an exact repetition one look-up
 * more. Only gate_new() allocates, and nothing here makes a system call.
 */
#ifndef KNOCKD_GATE_H
#define KNOCKD_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"
#include "packet.h"
#include "wire/counters.h"
#include "wire/event.h"

/*
 * Opened seals: of one source network (/24, /56), of one key, and in all. An insider, who has the site key, can make
 * the engine spend so much and no more.
 */
#define GATE_NETWORK_BURST      40
#define GATE_NETWORK_PER_SECOND 20
#define GATE_KEY_BURST          16
#define GATE_KEY_PER_SECOND     4

struct gate;

/* Is any door opened by signed knocks? Without, there is no gate: NULL is legal in gate_wants() and gate_free(). */
bool gate_is_needed(const struct conf *conf);

/* Borrows `conf`. `secret` keys the tables. NULL with errno when memory is out. */
struct gate *gate_new(const struct conf *conf, const uint8_t secret[static 16], uint64_t now);
void gate_free(struct gate *gate);

/* Is the packet of a signed knock's length, to a port where one is expected? */
bool gate_wants(const struct gate *gate, const struct packet *packet);

/*
 * Fills door, source and plain of `event` from the datagram's content at `wire`; `now` is in ms. `door` is n_doors if
 * no door has that name. False: garbage, a repetition or too many, which is counted.
 */
bool gate_open(struct gate *gate, const struct packet *packet, const uint8_t *wire, uint64_t now,
	       struct counters *counters, struct event *event);

#endif
