/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A moment on two clocks: the boot clock counts within one boot, so that a step of the wall clock does
 * not move it; the wall clock counts after a reboot.
 */
#ifndef KNOCKD_MOMENT_H
#define KNOCKD_MOMENT_H

#include <stdint.h>

#define MOMENT_MAX_MSEC (INT64_MAX / 4) /* no moment is further away, so differences never overflow */
#define MOMENT_BOOT_LEN 64

struct moment {
	int64_t boot_ms; /* CLOCK_BOOTTIME; only meaningful in the boot it was taken in */
	int64_t wall_ms; /* CLOCK_REALTIME, since 1970 */
};

struct moment moment_now(void);

/* CLOCK_BOOTTIME, which counts while the machine sleeps, and CLOCK_MONOTONIC, which does not. */
uint64_t moment_boot_msec(void);
uint64_t moment_steady_usec(void);

/* `ms` later, on both. */
struct moment moment_after(struct moment moment, int64_t ms);

/* The kernel's random boot_id; "-" if it cannot be read. Returns `buf`. */
const char *moment_boot(char buf[static MOMENT_BOOT_LEN]);

#endif
