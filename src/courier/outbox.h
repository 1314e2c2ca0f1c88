/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages that wait until the parent's socket has room for them. Of fixed size: what does not fit is dropped and
 * counted. */
#ifndef KNOCKD_COURIER_OUTBOX_H
#define KNOCKD_COURIER_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/share.h"

#define OUTBOX_LEN 4096

/*
 * Records that are read again leave room for events, events for answers, and these for the rest: neither a resync nor a
 * burst of events delays a claim, and a resync never drops a record.
 */
#define OUTBOX_SYNC    (OUTBOX_LEN / 2)
#define OUTBOX_EVENTS  (OUTBOX_LEN * 7 / 8)
#define OUTBOX_ANSWERS (OUTBOX_LEN - 64)

struct outbox {
	int fd;
	struct share_message *ring;
	size_t first, n;
	uint64_t missed; /* events that were dropped and not reported yet */
};

/* 0, or -1 with errno. */
int outbox_init(struct outbox *out, int fd);

/* Appends a message. False: there is no room left of `limit`. */
bool outbox_put(struct outbox *out, const struct share_message *message, size_t limit);

/* The same for an event; counts it if it is dropped. */
void outbox_event(struct outbox *out, const struct share_message *message);

/* Is there room for `n` more within `limit`? */
bool outbox_has_room(const struct outbox *out, size_t n, size_t limit);

/* Sends as much as the socket takes. 0, or -1: the parent is gone. */
int outbox_flush(struct outbox *out);

#endif
