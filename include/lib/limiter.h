/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A token bucket that counts what it turns away: so many at once, so many per second after that.
 */
#ifndef KNOCKD_LIMITER_H
#define KNOCKD_LIMITER_H

#include <stdbool.h>
#include <stdint.h>

struct limiter {
	uint64_t filled; /* ms: when tokens were last added */
	uint32_t tokens;
	uint32_t suppressed; /* turned away and not reported yet */
};

void limiter_init(struct limiter *limiter, uint32_t burst, uint64_t now);

/* True when one more may pass at `now` (ms). Otherwise counts it as suppressed. */
bool limiter_pass(struct limiter *limiter, uint32_t burst, uint32_t per_second, uint64_t now);

#endif
