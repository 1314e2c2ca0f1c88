/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "opening.h"

void
opening_act(struct daemon *d, const struct event *events, const struct ask *const *asks, size_t n)
{
	struct access_batch batch;

	access_act(&d->tools, d->conf, events, asks, n, &batch);
	admin_events(d->admin, d->conf, events, batch.refused, n);
	access_tell(&d->tools, d->conf, events, n, &batch);
	d->rules.moved_on |= batch.moved_on;
	d->engine.ahead |= batch.engine_ahead;
}
