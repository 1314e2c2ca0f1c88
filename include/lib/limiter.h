/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A token bucket: passes `burst` at once and `per_second` after that, and counts what it suppresses.
 */
#ifndef KNOCKD_LIMITER_H
#define KNOCKD_LIMITER_H

#include <stdbool.h>
#include <stdint.h>

struct limiter {
	uint64_t filled; /* ms: when tokens were last added */
	uint32_t tokens;
	uint32_t suppressed; /* not reported yet */
};

void limiter_init(struct limiter *limiter, uint32_t burst, uint64_t now);

/* True if one more may pass at `now` (ms). Otherwise counts it as suppressed. */
bool limiter_pass(struct limiter *limiter, uint32_t burst, uint32_t per_second, uint64_t now);

#endif
