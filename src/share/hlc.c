/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "share/hlc.h"

#define TAG_BITS 6
#define TAG_MASK ((UINT64_C(1) << TAG_BITS) - 1)
#define MS_SHIFT 16

int64_t
hlc_ms(struct hlc *hlc, struct moment now)
{
	int64_t ms = hlc->at.wall_ms + (now.boot_ms > hlc->at.boot_ms ? now.boot_ms - hlc->at.boot_ms : 0);

	hlc->at = (struct moment){ .boot_ms = now.boot_ms, .wall_ms = now.wall_ms > ms ? now.wall_ms : ms };
	return hlc->at.wall_ms;
}

uint64_t
hlc_after(uint64_t time)
{
	return time + TAG_MASK + 1;
}

uint64_t
hlc_next(struct hlc *hlc, struct moment now)
{
	uint64_t after = (hlc->last & ~TAG_MASK) + TAG_MASK + 1, time = (uint64_t)hlc_ms(hlc, now) << MS_SHIFT;

	hlc->last = (time > after ? time : after) | (hlc->tag & TAG_MASK);
	return hlc->last;
}

uint64_t
hlc_age(struct hlc *hlc, uint64_t time, struct moment now)
{
	int64_t age = hlc_ms(hlc, now) - (int64_t)(time >> MS_SHIFT);

	return age > 0 ? (uint64_t)age : 0;
}

bool
hlc_saw(struct hlc *hlc, uint64_t time, struct moment now)
{
	int64_t ms = (int64_t)(time >> MS_SHIFT), here = hlc_ms(hlc, now);

	if (ms > now.wall_ms + HLC_AHEAD_MS)
		return false;
	if (ms > here)
		hlc->at.wall_ms = ms;
	if (time > hlc->last)
		hlc->last = time;
	return true;
}
