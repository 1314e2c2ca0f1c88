/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The group's clock, a hybrid logical one: 48 bits of milliseconds since 1970, 10 bits of a count, 6 bits that tell
 * gateways apart. It is that of the gateway whose clock is ahead of the others': it goes on with the boot clock, never
 * back, and past every time that another gateway has told. So what happens here after news from there has a later time
 * than they have, and an end has the same meaning on all gateways, whatever their wall clocks say and however they
 * step.
 */
#ifndef KNOCKD_HLC_H
#define KNOCKD_HLC_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/moment.h"

/* No honest clock is so far ahead; more would use up the 48 bits. */
#define HLC_AHEAD_MS (INT64_C(10) * 366 * 86400 * 1000)

struct hlc {
	uint64_t last;
	uint8_t tag;      /* of this gateway: the lowest 6 bits of each of its times */
	struct moment at; /* wall_ms is the group's clock at this boot_ms */
};

/* The group's clock, ms since 1970. */
int64_t hlc_ms(struct hlc *hlc, struct moment now);

uint64_t hlc_next(struct hlc *hlc, struct moment now);

/* The least later time, of the same gateway. */
uint64_t hlc_after(uint64_t time);

/* How long ago that was, ms. */
uint64_t hlc_age(struct hlc *hlc, uint64_t time, struct moment now);

/* A time of another gateway. False: it makes no sense, and is not taken over. */
bool hlc_saw(struct hlc *hlc, uint64_t time, struct moment now);

#endif
