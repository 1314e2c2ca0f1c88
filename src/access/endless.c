/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "endless.h"

#include "lib/moment.h"

bool
endless_is(const struct known_access *a)
{
	return a->notice.kind == NOTICE_GRANT && a->end == UINT64_MAX;
}

bool
endless_is_here(const struct sharing *s, const struct notice *n)
{
	const struct door *door = group_door(s, n->door);

	return door && door->share != SHARE_LOCAL && s->owner.has(s->owner.arg, door, &n->ip);
}

void
endless_hold(struct sharing *s, struct known_access *a, uint64_t ms)
{
	known_hold(&s->known, a, moment_boot_msec() + ms);
}

/* A record that the server would drop before the next reading but one is put again. */
void
endless_see(struct sharing *s, struct known_access *a, uint64_t stored_ms)
{
	uint64_t left = stored_ms && stored_ms < GROUP_LEASE_MSEC ? stored_ms : GROUP_LEASE_MSEC;

	endless_hold(s, a, left);
	if (left >= 2 * GROUP_RESYNC_MSEC || !endless_is_here(s, &a->notice))
		a->seen = s->reading;
}

void
endless_forget(struct sharing *s, uint64_t now)
{
	struct known_access *a;

	while ((a = known_due(&s->known, now))) {
		if (endless_is(a) && (!s->up || endless_is_here(s, &a->notice)))
			endless_hold(s, a, GROUP_LEASE_MSEC);
		else
			known_drop(&s->known, a);
	}
}
