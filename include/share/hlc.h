/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hybrid logical clock: 48 bits of milliseconds since 1970, 10 bits of a count, 6 bits that tell gateways apart. It
 * goes with the wall clock, never back, and past every time that another gateway has told: what happens here after news
 * from there has a later time than they have, whatever the two wall clocks say.
 */
#ifndef KNOCKD_HLC_H
#define KNOCKD_HLC_H

#include <stdbool.h>
#include <stdint.h>

/* No honest clock is so far ahead; more would use up the 48 bits. */
#define HLC_AHEAD_MS (UINT64_C(10) * 366 * 86400 * 1000)

struct hlc {
	uint64_t last;
	uint8_t tag; /* of this gateway: the lowest 6 bits of each of its times */
};

uint64_t hlc_next(struct hlc *hlc, int64_t wall_ms);

/* A time of another gateway. False: it makes no sense, and is not taken over. */
bool hlc_saw(struct hlc *hlc, uint64_t time, int64_t wall_ms);

#endif
