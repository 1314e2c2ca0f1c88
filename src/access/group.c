/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "group.h"

#include <string.h>

#include "lib/moment.h"
#include "lib/text.h"

bool
group_is_on(const struct sharing *s)
{
	return s && s->keys;
}

const struct door *
group_door(const struct sharing *s, const uint8_t id[static NOTICE_ID_LEN])
{
	for (size_t i = 0; s && s->doors && i < s->conf->n_doors; i++)
		if (!memcmp(s->doors[i], id, NOTICE_ID_LEN))
			return &s->conf->doors[i];
	return NULL;
}

bool
group_is_settled(const struct sharing *s)
{
	uint64_t now = moment_boot_msec(),
		 alive = s->down_at > 2 * GROUP_ALONE_MSEC ? s->down_at - 2 * GROUP_ALONE_MSEC : 0;

	return s->up && !s->syncing && !s->filling && s->synced_at >= s->up_at && s->met &&
	       now >= s->met_at + GROUP_SETTLE_MSEC &&
	       (now >= s->met_at + GROUP_ALONE_MSEC || peers_have_filled(&s->peers, alive, s->met));
}

void
group_want_resync(struct sharing *s, uint64_t now)
{
	uint64_t earliest = s->asked_at + GROUP_PAUSE_MSEC;

	if (s->resync_at > (now > earliest ? now : earliest))
		s->resync_at = now > earliest ? now : earliest;
}

bool
group_post(struct sharing *s, const struct share_message *m)
{
	if (!s->up)
		return false;
	if (s->owner.post(s->owner.arg, m)) {
		s->counts.sent++;
		return true;
	}
	s->counts.dropped++;
	group_want_resync(s, moment_boot_msec());
	return false;
}

/* Seals the notice as this gateway's. */
void
group_seal(struct sharing *s, struct notice *n, uint64_t seq, struct share_message *m)
{
	n->origin = s->origin;
	n->run = s->run;
	n->seq = seq;
	*m = (struct share_message){ .kind = SHARE_PUT };
	seal_notice(s->keys, n, m);
}

void
group_store(struct share_message *m, const struct notice *n, uint64_t left_ms)
{
	if (n->kind == NOTICE_GRANT && !left_ms)
		left_ms = GROUP_LEASE_MSEC;
	m->flags |= SHARE_STORE;
	m->hlc = n->hlc;
	m->left_ms = left_ms < SHARE_LEFT_MAX ? left_ms : SHARE_LEFT_MAX;
}

/* Puts a numbered notice, which the server keeps for `left_ms`. False: it was not taken. */
bool
group_put(struct sharing *s, struct notice *n, uint64_t left_ms, const struct share_message *more)
{
	struct share_message m;

	group_seal(s, n, s->seq + 1, &m);
	group_store(&m, n, left_ms);
	if (more) {
		m.flags |= more->flags;
		m.counter = more->counter;
		memcpy(m.user, more->user, sizeof(m.user));
		memcpy(m.once, more->once, sizeof(m.once));
	}
	if (!group_post(s, &m))
		return false;
	s->seq++;
	return true;
}

struct notice
group_begin(struct sharing *s, enum notice_kind kind)
{
	return (struct notice){ .kind = kind, .author = s->origin, .hlc = hlc_next(&s->hlc, moment_now()) };
}

void
group_set_left(struct sharing *s, struct notice *n, uint64_t left_ms)
{
	n->left_ms = left_ms < SHARE_LEFT_MAX ? left_ms : SHARE_LEFT_MAX;
	n->end_ms = left_ms ? hlc_ms(&s->hlc, moment_now()) + (int64_t)n->left_ms : 0;
}

uint64_t
group_end_of(uint64_t left_ms)
{
	return left_ms ? moment_boot_msec() + left_ms : UINT64_MAX;
}

struct notice
group_about(struct sharing *s, const char *door, const struct addr *ip, const struct ask *ask)
{
	struct notice n = group_begin(s, NOTICE_GRANT);

	notice_door_id(door, n.door);
	n.ip = *ip;
	if (ask) {
		n.proto = ask->port.proto;
		n.port = ask->port.port;
		text_copy(n.text, sizeof(n.text), ask->user);
	}
	return n;
}

struct notice
group_hello(struct sharing *s)
{
	struct notice n = group_begin(s, NOTICE_HELLO);

	memcpy(n.text, s->name, sizeof(n.text));
	n.counter = s->counts.links;
	n.filled = s->filled;
	return n;
}

struct known_access *
group_know(struct sharing *s, const struct notice *n, uint64_t end)
{
	uint64_t now = moment_boot_msec();
	struct known_access *a;

	if (n->kind == NOTICE_REVOKE && end == UINT64_MAX)
		end = now + KNOWN_TOMB_MAX_MS;
	a = known_put(&s->known, n, end);
	if (a && n->kind == NOTICE_GRANT && end == UINT64_MAX)
		known_hold(&s->known, a, now + GROUP_LEASE_MSEC);
	return a;
}

void
group_tell(struct sharing *s, struct notice *n, uint64_t left_ms)
{
	struct known_access *a;

	group_set_left(s, n, left_ms);
	a = group_know(s, n, group_end_of(left_ms));
	if (a)
		a->applied = true;
	if (group_put(s, n, n->kind == NOTICE_REVOKE && left_ms ? left_ms + NOTICE_SKEW_MS : left_ms, NULL) && a)
		a->seen = s->reading;
}

const char *
group_name(const struct sharing *s, uint64_t origin)
{
	const struct peer *peer = peers_find(&s->peers, origin);

	return peer && *peer->name ? peer->name : "?";
}
