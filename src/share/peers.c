/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "share/peers.h"

#include <string.h>

#define WINDOW 64

const struct peer *
peers_find(const struct peers *peers, uint64_t origin)
{
	for (size_t i = 0; i < peers->n; i++)
		if (peers->at[i].origin == origin)
			return &peers->at[i];
	return NULL;
}

/* A full list forgets the gateway that was silent for the longest time. */
static struct peer *
add(struct peers *peers)
{
	struct peer *oldest = &peers->at[0];

	if (peers->n < PEERS_MAX)
		return &peers->at[peers->n++];
	for (size_t i = 1; i < peers->n; i++)
		if (peers->at[i].heard_at < oldest->heard_at)
			oldest = &peers->at[i];
	return oldest;
}

static struct peer *
get(struct peers *peers, uint64_t origin)
{
	struct peer *peer = (struct peer *)peers_find(peers, origin);

	if (!peer) {
		peer = add(peers);
		*peer = (struct peer){ .origin = origin };
	}
	return peer;
}

/* The numbers from newest - 63 on that have not come; those before the first that was heard count as come. */
static void
note_holes(struct peer *peer, uint64_t now)
{
	if (peer->before == UINT64_MAX)
		peer->hole_at = 0;
	else if (!peer->hole_at)
		peer->hole_at = now ? now : 1;
}

static void
number(struct peer *peer, uint64_t seq, uint64_t now)
{
	if (!peer->newest) {
		peer->newest = seq;
		peer->before = UINT64_MAX;
		return;
	}
	if (seq > peer->newest) {
		uint64_t by = seq - peer->newest;

		peer->before = by < WINDOW ? peer->before << by | 1 : 1;
		peer->newest = seq;
	} else if (peer->newest - seq < WINDOW) {
		peer->before |= UINT64_C(1) << (peer->newest - seq);
	}
	note_holes(peer, now);
}

bool
peers_hear(struct peers *peers, const struct notice *notice, uint64_t now)
{
	struct peer *peer = get(peers, notice->origin);
	bool is_new = peer->run != notice->run;

	if (notice->kind == NOTICE_HELLO && peer->links != notice->counter) {
		peer->links = notice->counter;
		is_new = true;
	}
	if (peer->run != notice->run) {
		peer->run = notice->run;
		peer->newest = 0;
		peer->hole_at = 0;
	}
	peer->heard_at = now;
	peer->received++;
	if (notice->kind == NOTICE_HELLO) {
		memcpy(peer->name, notice->text, sizeof(peer->name));
		peer->filled = notice->filled;
	}
	if (notice->seq)
		number(peer, notice->seq, now);
	return is_new;
}

bool
peers_have_filled(const struct peers *peers, uint64_t alive, uint64_t since)
{
	for (size_t i = 0; i < peers->n; i++)
		if (peers->at[i].heard_at >= alive && peers->at[i].filled < since)
			return false;
	return true;
}

size_t
peers_missing(struct peers *peers, uint64_t now)
{
	size_t n = 0;

	for (size_t i = 0; i < peers->n; i++) {
		struct peer *peer = &peers->at[i];

		if (!peer->hole_at || now - peer->hole_at < PEERS_GAP_MS)
			continue;
		peer->hole_at = 0;
		peer->before = UINT64_MAX;
		peer->gaps++;
		n++;
	}
	return n;
}

uint64_t
peers_next(const struct peers *peers)
{
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < peers->n; i++)
		if (peers->at[i].hole_at && peers->at[i].hole_at + PEERS_GAP_MS < next)
			next = peers->at[i].hole_at + PEERS_GAP_MS;
	return next;
}
