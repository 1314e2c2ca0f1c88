/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "watchdog.h"

#include "lib/moment.h"
#include "process/notify.h"
#include "supervisor.h"

/*
 * Four looks in the time that the service manager allows, two rounds of the engine between two looks. An engine that
 * hangs right after a look is silent at two more and is replaced at the second one; the fourth finds the new one alive.
 */
#define LOOKS  4
#define ROUNDS 2

static uint64_t
at_least_one(uint64_t n)
{
	return n ? n : 1;
}

void
watchdog_start(struct daemon *d)
{
	uint64_t limit = notify_watchdog_msec();

	d->watchdog.next = UINT64_MAX;
	if (!limit)
		return;
	d->watchdog.every = at_least_one(limit / LOOKS);
	d->watchdog.next = moment_boot_msec() + d->watchdog.every;
	d->engine.child.beat_msec = at_least_one(d->watchdog.every / ROUNDS);
}

void
watchdog_tick(struct daemon *d)
{
	const struct counters *counters = d->engine.child.counters;
	uint64_t now = moment_boot_msec(), beats = counters ? counters->beats : 0;
	bool hung = beats == d->watchdog.beats;

	if (now < d->watchdog.next)
		return;
	d->watchdog.next = now + d->watchdog.every;
	if (!hung)
		notify_alive();
	else if (counters && d->watchdog.silent)
		supervisor_end_stuck(d);
	d->watchdog.beats = beats;
	d->watchdog.silent = hung;
}
