/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "outbox.h"

#include <errno.h>
#include <stdlib.h>

int
outbox_init(struct outbox *out, int fd)
{
	*out = (struct outbox){ .fd = fd };
	out->ring = calloc(OUTBOX_LEN, sizeof(*out->ring));
	return out->ring ? 0 : -1;
}

bool
outbox_has_room(const struct outbox *out, size_t n, size_t limit)
{
	return out->n + n <= limit;
}

bool
outbox_put(struct outbox *out, const struct share_message *message, size_t limit)
{
	if (out->n >= limit)
		return false;
	out->ring[(out->first + out->n++) % OUTBOX_LEN] = *message;
	return true;
}

void
outbox_event(struct outbox *out, const struct share_message *message)
{
	if (!outbox_put(out, message, OUTBOX_EVENTS))
		out->missed++;
}

int
outbox_flush(struct outbox *out)
{
	while (out->n) {
		size_t n = out->n < SHARE_BATCH ? out->n : SHARE_BATCH;

		if (n > OUTBOX_LEN - out->first)
			n = OUTBOX_LEN - out->first;
		if (share_send(out->fd, out->ring + out->first, n))
			return errno == EAGAIN || errno == ENOBUFS ? 0 : -1;
		out->first = (out->first + n) % OUTBOX_LEN;
		out->n -= n;
	}
	return 0;
}
