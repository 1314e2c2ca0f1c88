/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/limiter.h"

void
limiter_init(struct limiter *limiter, uint32_t burst, uint64_t now)
{
	*limiter = (struct limiter){ .filled = now, .tokens = burst };
}

bool
limiter_pass(struct limiter *limiter, uint32_t burst, uint32_t per_second, uint64_t now)
{
	uint64_t earned = (now - limiter->filled) * per_second / 1000;

	if (earned) {
		/* keep the time that is left over, or frequent calls would earn nothing */
		limiter->filled += earned * 1000 / per_second;
		limiter->tokens = earned >= burst - limiter->tokens ? burst : limiter->tokens + (uint32_t)earned;
	}
	if (limiter->tokens) {
		limiter->tokens--;
		return true;
	}
	limiter->suppressed++;
	return false;
}
