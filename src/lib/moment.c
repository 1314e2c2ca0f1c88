/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/moment.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#ifndef CLOCK_BOOTTIME /* not Linux: only the client runs there, and does not use it */
#define CLOCK_BOOTTIME CLOCK_MONOTONIC
#endif

static int64_t
read_clock(clockid_t clock)
{
	struct timespec ts = { 0 };

	clock_gettime(clock, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

struct moment
moment_now(void)
{
	return (struct moment){ read_clock(CLOCK_BOOTTIME), read_clock(CLOCK_REALTIME) };
}

uint64_t
moment_boot_msec(void)
{
	return (uint64_t)read_clock(CLOCK_BOOTTIME);
}

uint64_t
moment_steady_usec(void)
{
	struct timespec ts = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static int64_t
plus(int64_t a, int64_t b)
{
	int64_t sum;

	if (__builtin_add_overflow(a, b, &sum))
		sum = b > 0 ? INT64_MAX : INT64_MIN;
	if (sum > MOMENT_MAX_MSEC)
		return MOMENT_MAX_MSEC;
	return sum < -MOMENT_MAX_MSEC ? -MOMENT_MAX_MSEC : sum;
}

struct moment
moment_after(struct moment moment, int64_t ms)
{
	return (struct moment){ plus(moment.boot_ms, ms), plus(moment.wall_ms, ms) };
}

const char *
moment_boot(char buf[static MOMENT_BOOT_LEN])
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

	if (!file || !fgets(buf, MOMENT_BOOT_LEN, file))
		*buf = '\0';
	if (file)
		fclose(file);
	buf[strcspn(buf, " \n")] = '\0';
	if (!*buf)
		snprintf(buf, MOMENT_BOOT_LEN, "-");
	return buf;
}
