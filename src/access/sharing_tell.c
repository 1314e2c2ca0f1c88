/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this gateway tells the others, and knockctl. */
#include "access/sharing.h"

#include <string.h>

#include "group.h"
#include "lib/moment.h"
#include "lib/text.h"
#include "tickets.h"

/* How long the server keeps the counters: a knock that is older is refused for its age. */
#define COUNTER_SPARE_MSEC 3600000

void
sharing_claimed(struct sharing *s, bool claimed)
{
	if (s)
		s->claimed = claimed;
}

static void
remember(struct sharing *s, const struct notice *n, uint64_t left_ms)
{
	struct known_access *a = group_know(s, n, group_end_of(left_ms));

	if (a)
		a->applied = true;
}

static bool
is_told(const struct sharing *s)
{
	return group_is_on(s) && !s->muted;
}

static bool
adds_elements(const struct door *door, const struct addr *ip)
{
	for (enum door_kind kind = 0; kind < DOOR_KINDS; kind++)
		if (door_adds(kind) && door_elements(door, kind, door_family(ip))->n)
			return true;
	return false;
}

static bool
has_several_ports(const struct ask *ask)
{
	return ask && ask->ports.n && !ask->port.port;
}

/* A notice names one port, or means all that the door opens. */
static bool
fits_notice(const struct door *door, const struct addr *ip, const struct ask *ask)
{
	return adds_elements(door, ip) && !has_several_ports(ask);
}

/* A key for some ports only opens each of them. */
static void
tell_ports(struct sharing *s, const struct door *door, const struct addr *ip, const struct ask *ask, uint64_t left_ms)
{
	for (size_t i = 0; i < door->open.n; i++) {
		struct ask one = *ask;
		struct notice n;

		if (!ask_opens(ask, &door->open.at[i]))
			continue;
		one.port = door->open.at[i];
		n = group_about(s, door->name, ip, &one);
		group_tell(s, &n, left_ms);
	}
}

void
sharing_opened(struct sharing *s, const struct door *door, const struct addr *ip, const struct ask *ask,
	       uint64_t left_ms)
{
	struct notice n;

	if (!is_told(s) || door->share == SHARE_LOCAL || (s->claimed && fits_notice(door, ip, ask)))
		return;
	if (has_several_ports(ask)) {
		tell_ports(s, door, ip, ask, left_ms);
		return;
	}
	n = group_about(s, door->name, ip, ask);
	group_tell(s, &n, left_ms);
}

static uint64_t
left_of(const struct known_access *a, uint64_t now)
{
	return a->end == UINT64_MAX ? 0 : a->end > now ? a->end - now : 1;
}

static void
tell_revoke(struct sharing *s, const struct known_access *a)
{
	uint64_t left = left_of(a, moment_boot_msec());
	struct notice n = a->notice;

	n.kind = NOTICE_REVOKE;
	n.author = s->origin;
	n.hlc = hlc_next(&s->hlc, moment_now());
	group_tell(s, &n, left ? left : KNOWN_TOMB_MAX_MS);
}

void
sharing_ended(struct sharing *s, const char *door, const struct addr *ip)
{
	uint8_t id[NOTICE_ID_LEN];

	if (!is_told(s))
		return;
	notice_door_id(door, id);
	for (struct known_access *a = known_of(&s->known, id, ip), *next; a; a = next) {
		next = known_after(a);
		if (a->notice.kind == NOTICE_GRANT)
			tell_revoke(s, a);
	}
}

size_t
sharing_revoked(struct sharing *s, const struct request_whom *whom)
{
	size_t n = 0;

	if (!is_told(s))
		return 0;
	for (struct known_access *a = s->known.oldest, *newer; a; a = newer) {
		const struct door *door = group_door(s, a->notice.door);

		newer = a->newer;
		if (a->notice.kind != NOTICE_GRANT || !door || door->share == SHARE_LOCAL ||
		    !request_means(whom, &a->notice.ip, door->name))
			continue;
		tell_revoke(s, a);
		n++;
	}
	return n;
}

void
sharing_extended(struct sharing *s, const struct request_whom *whom, int64_t by_ms)
{
	if (!is_told(s))
		return;
	for (struct known_access *a = s->known.oldest, *newer; a; a = newer) {
		const struct door *door = group_door(s, a->notice.door);
		int64_t left = (int64_t)left_of(a, moment_boot_msec()) + by_ms;
		struct notice n = a->notice;

		newer = a->newer;
		if (n.kind != NOTICE_GRANT || a->end == UINT64_MAX || !door || !request_means(whom, &n.ip, door->name))
			continue;
		n.author = s->origin;
		n.hlc = hlc_next(&s->hlc, moment_now());
		group_tell(s, &n, left > 0 ? (uint64_t)left : 1);
	}
}

static struct notice
about_count(struct sharing *s, enum notice_kind kind, const struct sharing_count *count)
{
	struct notice n = group_begin(s, kind);

	memcpy(n.key, count->key, sizeof(n.key));
	n.counter = count->counter;
	n.reset = count->reset;
	text_copy(n.text, sizeof(n.text), count->user);
	return n;
}

static struct notice
about_counter(struct sharing *s, const struct sharing_count *count)
{
	struct notice n = about_count(s, NOTICE_COUNTER, count);

	group_set_left(s, &n, s->conf->max_age_ms + s->conf->max_ahead_ms + COUNTER_SPARE_MSEC);
	return n;
}

void
sharing_counted(struct sharing *s, const struct sharing_count *count, bool claimed)
{
	struct share_message more = { .flags = claimed ? 0 : SHARE_COUNTER, .counter = claimed ? 0 : count->counter };
	struct notice n;

	if (!is_told(s))
		return;
	n = about_counter(s, count);
	if (!claimed)
		seal_user_id(&s->keys->at[0], count->key, count->reset, more.user);
	remember(s, &n, n.left_ms);
	group_put(s, &n, n.left_ms, &more);
}

uint64_t
sharing_time(struct sharing *s)
{
	struct hlc alone = { .tag = 0 };

	return hlc_next(group_is_on(s) ? &s->hlc : &alone, moment_now());
}

/* Of an earlier run: as the record that the server may have, of the time of the reset. */
void
sharing_reset(struct sharing *s, const struct sharing_count *count)
{
	int64_t left = (int64_t)(count->counter / 1000) - moment_now().wall_ms;
	struct notice n;

	if (!is_told(s) || left <= 0)
		return;
	n = about_count(s, NOTICE_RESET, count);
	n.hlc = count->reset;
	group_tell(s, &n, (uint64_t)left + COUNTER_SPARE_MSEC);
}

static const char *
text_of(const struct seq *sequence, char text[static SEQ_STRLEN])
{
	return seq_format(sequence, text, SEQ_STRLEN);
}

void
sharing_recall(struct sharing *s, const struct sharing_left *left)
{
	const struct ask ask = { .port = left->port };
	struct hlc then = { .tag = 0 };
	struct known_access *known;
	const struct door *here;
	struct notice n;

	if (!group_is_on(s) || left->since_wall_ms <= 0)
		return;
	n = group_about(s, left->door, left->ip, &ask);
	n.hlc = hlc_next(&then, (struct moment){ .wall_ms = left->since_wall_ms }) | s->hlc.tag;
	text_copy(n.text, sizeof(n.text), left->user ? left->user : "");
	here = group_door(s, n.door);
	known = known_find(&s->known, &n);
	/* a door may have several elements: the longest counts */
	if (here && here->share != SHARE_LOCAL && (!known || known->end < group_end_of(left->ms)))
		remember(s, &n, left->ms);
}

void
sharing_recall_counter(struct sharing *s, const struct sharing_count *count)
{
	struct notice n;

	if (!group_is_on(s))
		return;
	n = about_counter(s, count);
	remember(s, &n, n.left_ms);
}

static struct notice
about_sequence(struct sharing *s, const char *door, const struct seq *sequence)
{
	struct notice n = group_begin(s, NOTICE_ONCE_USED);
	char text[SEQ_STRLEN];

	notice_door_id(door, n.door);
	seal_once_id(&s->keys->at[0], door, text_of(sequence, text), n.once);
	return n;
}

void
sharing_used_up(struct sharing *s, const char *door, const struct seq *sequence, bool claimed)
{
	struct share_message more = { .flags = claimed ? 0 : SHARE_ONCE };
	struct notice n;

	if (claimed ? !group_is_on(s) : !is_told(s) || s->claimed)
		return;
	n = about_sequence(s, door, sequence);
	if (!claimed)
		memcpy(more.once, n.once, sizeof(more.once));
	remember(s, &n, 0);
	group_put(s, &n, 0, &more);
}

bool
sharing_is_used(const struct sharing *s, const struct notice *n, const char *door, const struct seq *sequence)
{
	char text[SEQ_STRLEN];
	uint8_t once[NOTICE_ONCE];

	for (size_t i = 0; s && s->keys && i < s->keys->n; i++) {
		seal_once_id(&s->keys->at[i], door, text_of(sequence, text), once);
		if (!memcmp(once, n->once, sizeof(once)))
			return true;
	}
	return false;
}

void
sharing_banned(struct sharing *s, const struct addr *ip, uint64_t left_ms)
{
	struct notice n;

	if (!is_told(s) || !s->conf->share.bans)
		return;
	n = group_begin(s, NOTICE_BAN);
	n.ip = *ip;
	group_set_left(s, &n, left_ms);
	group_put(s, &n, left_ms, NULL);
}

static void
claim_more(const struct sharing *s, const struct door *door, const struct ask *ask, const struct seq *sequence,
	   struct share_message *m)
{
	char text[SEQ_STRLEN];

	if (ask && ask->counter) {
		m->flags |= SHARE_COUNTER;
		m->counter = ask->counter;
		seal_user_id(&s->keys->at[0], ask->key, ask->reset, m->user);
	}
	if (sequence) {
		m->flags |= SHARE_ONCE;
		seal_once_id(&s->keys->at[0], door->name, text_of(sequence, text), m->once);
	}
}

/* Without an access that fits into a notice: of what it uses up, or of nothing but this gateway. */
static struct notice
about_claim(struct sharing *s, const struct door *door, const struct addr *ip, const struct ask *ask,
	    const struct seq *sequence, uint64_t left_ms)
{
	struct notice n;

	if (fits_notice(door, ip, ask)) {
		n = group_about(s, door->name, ip, ask);
		group_set_left(s, &n, left_ms);
		return n;
	}
	if (ask && ask->counter)
		return about_counter(s, &(struct sharing_count){ .key = ask->key,
								 .user = ask->user,
								 .counter = ask->counter,
								 .reset = ask->reset });
	return sequence ? about_sequence(s, door->name, sequence) : group_hello(s);
}

uint64_t
sharing_claim(struct sharing *s, const struct door *door, const struct addr *ip, const struct ask *ask,
	      const struct seq *sequence, uint64_t left_ms)
{
	struct ticket *p = group_is_on(s) && group_is_settled(s) ? tickets_find(s, 0) : NULL;

	if (!p) {
		if (group_is_on(s))
			s->counts.claims_unknown++;
		return 0;
	}
	*p = (struct ticket){ .is_claim = true, .notice = about_claim(s, door, ip, ask, sequence, left_ms) };
	group_seal(s, &p->notice, s->seq + 1, &p->message);
	if (p->notice.kind != NOTICE_HELLO)
		group_store(&p->message, &p->notice, p->notice.left_ms);
	claim_more(s, door, ask, sequence, &p->message);
	p->message.ticket = s->next_ticket;
	if (!group_post(s, &p->message)) {
		s->counts.claims_unknown++;
		return 0;
	}
	s->seq++;
	p->ticket = s->next_ticket++;
	return p->ticket;
}

void
sharing_give_up(struct sharing *s, uint64_t ticket)
{
	if (s)
		tickets_give_up(s, ticket);
}

/* ---- for knockctl ------------------------------------------------------------------------------ */

bool
sharing_look(const struct sharing *s, struct sharing_state *state)
{
	if (!group_is_on(s))
		return false;
	*state = s->counts;
	state->name = s->name;
	state->reason = s->reason;
	state->up = s->up;
	state->settled = group_is_settled(s);
	state->known = s->known.n;
	state->synced_ago = s->synced_at ? moment_boot_msec() - s->synced_at : UINT64_MAX;
	return true;
}

bool
sharing_peer(const struct sharing *s, size_t i, struct sharing_peer *peer)
{
	const struct peer *p;

	if (!group_is_on(s) || i >= s->peers.n)
		return false;
	p = &s->peers.at[i];
	*peer = (struct sharing_peer){
		.name = p->name, .heard_ago = moment_boot_msec() - p->heard_at, .received = p->received, .gaps = p->gaps
	};
	return true;
}

const char *
sharing_origin(const struct sharing *s, const char *door, const struct addr *ip)
{
	const struct known_access *newest = NULL;
	uint8_t id[NOTICE_ID_LEN];

	if (!group_is_on(s))
		return NULL;
	notice_door_id(door, id);
	for (const struct known_access *a = known_of(&s->known, id, ip); a; a = known_after(a))
		if (a->notice.kind == NOTICE_GRANT && (!newest || notice_is_newer(&a->notice, &newest->notice)))
			newest = a;
	return newest && newest->notice.author != s->origin ? group_name(s, newest->notice.author) : NULL;
}
