/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "share/hlc.h"

#define TAG_BITS 6
#define TAG_MASK ((UINT64_C(1) << TAG_BITS) - 1)
#define MS_SHIFT 16

static uint64_t
from_wall(int64_t wall_ms)
{
	return wall_ms > 0 ? (uint64_t)wall_ms << MS_SHIFT : 0;
}

uint64_t
hlc_next(struct hlc *hlc, int64_t wall_ms)
{
	uint64_t after = (hlc->last & ~TAG_MASK) + TAG_MASK + 1, wall = from_wall(wall_ms);

	hlc->last = (wall > after ? wall : after) | (hlc->tag & TAG_MASK);
	return hlc->last;
}

bool
hlc_saw(struct hlc *hlc, uint64_t time, int64_t wall_ms)
{
	if (time > from_wall(wall_ms) + (HLC_AHEAD_MS << MS_SHIFT))
		return false;
	if (time > hlc->last)
		hlc->last = time;
	return true;
}
