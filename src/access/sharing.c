/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "access/sharing.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "endless.h"
#include "group.h"
#include "lib/moment.h"
#include "lib/text.h"
#include "tickets.h"

#define HELLO_MSEC  10000
#define ANSWER_MSEC 50  /* to a gateway that is new, and knows no names */
#define FILL_MSEC   5   /* until the courier's socket has room again */
#define FILL_MAX    256 /* notices put at a time, so that knocks do not wait for them */

#define REASONS 3 /* log lines about one outage, besides the first */

static uint64_t
earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* ---- start and end ------------------------------------------------------------------------------- */

/* Tells two gateways apart, and is the same after a restart. */
static uint64_t
make_origin(const struct conf *conf, const char *name)
{
	char id[64] = "", text[512];
	FILE *file = fopen("/etc/machine-id", "re");
	uint64_t origin;

	if (file) {
		if (!fgets(id, sizeof(id), file))
			*id = '\0';
		fclose(file);
	}
	snprintf(text, sizeof(text), "%s\n%s\n%s", name, id, conf->state_dir);
	crypto_generichash((unsigned char *)&origin, sizeof(origin), (const unsigned char *)text, strlen(text), NULL,
			   0);
	return origin;
}

static void
take_name(struct sharing *s)
{
	char name[256] = "";

	gethostname(name, sizeof(name) - 1);
	text_utf8(name, true, s->name, sizeof(s->name));
}

struct sharing *
sharing_new(const struct log *log, const struct sharing_owner *owner)
{
	struct sharing *s = sodium_init() < 0 ? NULL : calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->log = log;
	s->owner = *owner;
	s->next_ticket = 1;
	s->resync_at = s->hello_at = s->fill_at = UINT64_MAX;
	randombytes_buf(&s->run, sizeof(s->run));
	take_name(s);
	text_copy(s->reason, sizeof(s->reason), "not connected yet");
	return s;
}

void
sharing_free(struct sharing *s)
{
	if (!s)
		return;
	known_free(&s->known);
	free(s->doors);
	free(s);
}

bool
sharing_is_on(const struct sharing *s)
{
	return group_is_on(s);
}

/* ---- receiving ----------------------------------------------------------------------------------- */

static void
apply_all(struct sharing *s)
{
	struct known_access *a;
	size_t n = s->n_news;

	for (size_t i = 0; i < n; i++)
		s->news[i].gateway = group_name(s, s->news[i].notice.author);
	s->n_news = 0;
	s->muted++;
	if (n)
		s->owner.apply(s->owner.arg, s->news, n);
	s->muted--;
	for (size_t i = 0; i < n; i++)
		if ((a = known_find(&s->known, &s->news[i].notice)))
			a->applied = s->news[i].applied;
}

/* Grants that come together are opened in one transaction. `left_ms` UINT64_MAX: without end. */
static void
apply(struct sharing *s, const struct notice *n, uint64_t left_ms)
{
	if (n->kind != NOTICE_GRANT || s->n_news == SHARING_NEWS)
		apply_all(s);
	s->news[s->n_news++] = (struct sharing_news){ .notice = *n,
						      .left_ms = left_ms == UINT64_MAX ? 0 : left_ms,
						      .age_ms = hlc_age(&s->hlc, n->hlc, moment_now()) };
	if (n->kind != NOTICE_GRANT)
		apply_all(s);
}

static void
apply_rest(struct sharing *s, const struct known_access *a, uint64_t now)
{
	if (a->notice.kind == NOTICE_GRANT && a->end > now)
		apply(s, &a->notice, a->end == UINT64_MAX ? UINT64_MAX : a->end - now);
}

/* A revoke is about all ports of the address: one of another port may be later than the grant. */
static bool
is_revoked(const struct sharing *s, const struct notice *n)
{
	for (const struct known_access *a = known_of(&s->known, n->door, &n->ip); a; a = known_after(a))
		if (a->notice.kind == NOTICE_REVOKE && notice_is_newer(&a->notice, n))
			return true;
	return false;
}

/* Earlier grants of other ports end with it. */
static void
revoke_others(struct sharing *s, const struct notice *n)
{
	for (struct known_access *a = known_of(&s->known, n->door, &n->ip), *next; a; a = next) {
		struct notice revoked = a->notice;

		next = known_after(a);
		if (revoked.kind != NOTICE_GRANT || !notice_is_newer(n, &revoked))
			continue;
		revoked.kind = NOTICE_REVOKE;
		revoked.hlc = n->hlc;
		revoked.author = n->author;
		group_know(s, &revoked, a->end);
	}
}

/* What was granted later, for other ports, goes on. */
static void
apply_later(struct sharing *s, const struct known_access *revoked)
{
	uint64_t now = moment_boot_msec();

	for (const struct known_access *a = known_of(&s->known, revoked->notice.door, &revoked->notice.ip); a;
	     a = known_after(a))
		apply_rest(s, a, now);
}

/*
 * The server has what is known. If the group's clock has jumped since, by a gateway that has joined, the record's end
 * is wrong for those who do not know the access: it is to be put again, as news that is the least bit later.
 */
static void
see(struct sharing *s, struct known_access *a, const struct notice *n, uint64_t stored_ms)
{
	struct moment now = moment_now();
	int64_t end = hlc_ms(&s->hlc, now) + (int64_t)(a->end - (uint64_t)now.boot_ms);

	if (endless_is(a))
		endless_see(s, a, stored_ms);
	else if (n->end_ms && llabs(n->end_ms - end) > NOTICE_SKEW_MS / 2)
		a->notice.hlc = hlc_after(a->notice.hlc);
	else
		a->seen = s->reading;
}

/*
 * The server still has a record of an access that goes on here, and the record is later than what is known: this
 * gateway was cut off when that was told, or it has told it before it was started, as its journal has no time of the
 * group's clock. It is over only because the group's clock has jumped since; then it is to be put again, too, until the
 * end that is known.
 */
static bool
goes_on(const struct known_access *a, const struct notice *n, bool is_stored)
{
	return is_stored && a->notice.kind == NOTICE_GRANT && n->kind == NOTICE_GRANT;
}

/*
 * A revoke ends the earlier grants, and lasts as long as they would have. Its own time may be over: it is, when the
 * group's clock has jumped since.
 */
static uint64_t
left_to_revoke(const struct sharing *s, const struct notice *n, uint64_t left_ms)
{
	uint64_t now = moment_boot_msec();

	for (const struct known_access *a = known_of(&s->known, n->door, &n->ip); a; a = known_after(a)) {
		uint64_t left = a->end == UINT64_MAX ? UINT64_MAX : a->end > now ? a->end - now : 0;

		if (a->notice.kind == NOTICE_GRANT && notice_is_newer(n, &a->notice) && left > left_ms)
			left_ms = left;
	}
	return left_ms;
}

/* What the table knows already is only marked as stored. */
static void
take_access(struct sharing *s, const struct notice *n, uint64_t left_ms, uint64_t stored_ms, bool is_own)
{
	struct known_access *a = known_find(&s->known, n);
	uint64_t end;

	if (a && !notice_is_newer(n, &a->notice)) {
		if (n->hlc == a->notice.hlc && n->author == a->notice.author)
			see(s, a, n, stored_ms);
		else
			s->counts.stale++;
		return;
	}
	if (is_own)
		return; /* a claim, whose answer counts */
	if (n->kind == NOTICE_REVOKE)
		left_ms = left_to_revoke(s, n, left_ms);
	if (!left_ms || (n->kind == NOTICE_GRANT && is_revoked(s, n))) {
		if (a && !left_ms && goes_on(a, n, stored_ms))
			a->notice.hlc = hlc_after(n->hlc);
		s->counts.stale++;
		return;
	}
	if (n->kind == NOTICE_REVOKE)
		revoke_others(s, n);
	end = left_ms == UINT64_MAX ? UINT64_MAX : moment_boot_msec() + left_ms;
	a = group_know(s, n, end);
	if (!a) {
		s->counts.refused++;
		return;
	}
	if (endless_is(a))
		endless_see(s, a, stored_ms);
	else
		a->seen = s->reading;
	apply(s, n, left_ms);
	if (n->kind == NOTICE_REVOKE)
		apply_later(s, a);
}

static uint64_t
rank_of(const struct notice *n)
{
	return n->kind == NOTICE_RESET ? n->reset : n->counter;
}

/* A counter since a reset may have come before it. */
static void
apply_use(struct sharing *s, const struct notice *n, uint64_t left_ms)
{
	struct notice since = { .kind = NOTICE_COUNTER, .reset = n->reset };
	const struct known_access *a = NULL;

	apply(s, n, left_ms);
	memcpy(since.key, n->key, sizeof(since.key));
	if (n->kind == NOTICE_RESET)
		a = known_find(&s->known, &since);
	if (a)
		apply(s, &a->notice, 0);
}

/*
 * Counters only rise, and a sequence that is used up stays so, whatever the times of two notices are. The group's clock
 * may have jumped, so what is over by it counts, too: a knock's age is measured by the clock of this gateway.
 */
static void
take_use(struct sharing *s, const struct notice *n, uint64_t left_ms)
{
	struct known_access *a = known_find(&s->known, n);
	uint64_t lasts_ms = left_ms ? left_ms : n->left_ms;

	if (a && rank_of(n) <= rank_of(&a->notice)) {
		if (rank_of(n) == rank_of(&a->notice))
			a->seen = s->reading;
		return;
	}
	a = known_put(&s->known, n, lasts_ms == UINT64_MAX ? UINT64_MAX : moment_boot_msec() + lasts_ms);
	if (!a) {
		s->counts.refused++;
		return;
	}
	a->seen = s->reading;
	apply_use(s, n, lasts_ms);
}

/*
 * The gateway knows no names yet, and the server may have lost what it does not know: this gateway puts that when it
 * has read all.
 */
static void
meet(struct sharing *s, uint64_t now)
{
	s->hello_at = earlier(s->hello_at, now + ANSWER_MSEC);
	group_want_resync(s, now);
}

/*
 * A ban that an earlier reading has found is in force, has ended, or an admin has deleted it. Bans are not remembered:
 * scanners are many.
 */
static bool
was_read(struct sharing *s, const struct notice *n, struct moment now)
{
	return s->bans_read && hlc_age(&s->hlc, n->hlc, now) >= hlc_age(&s->hlc, s->bans_read, now) + NOTICE_SKEW_MS;
}

static void
take_notice(struct sharing *s, const struct notice *n, uint64_t stored_ms)
{
	struct moment now = moment_now();
	bool is_own = n->origin == s->origin && n->run == s->run;
	uint64_t left_ms;

	if (!hlc_saw(&s->hlc, n->hlc, now)) {
		s->counts.bad++;
		return;
	}
	left_ms = notice_left(n, stored_ms, hlc_ms(&s->hlc, now));
	s->counts.received += !is_own;
	if (n->origin != s->origin && peers_hear(&s->peers, n, (uint64_t)now.boot_ms))
		meet(s, (uint64_t)now.boot_ms);
	switch (n->kind) {
	case NOTICE_GRANT:
	case NOTICE_REVOKE:
		take_access(s, n, left_ms, stored_ms, is_own);
		break;
	case NOTICE_COUNTER:
	case NOTICE_ONCE_USED:
	case NOTICE_RESET:
		take_use(s, n, left_ms);
		break;
	case NOTICE_BAN:
		if (left_ms && !is_own && !(stored_ms && was_read(s, n, now)))
			apply(s, n, left_ms);
		break;
	case NOTICE_HELLO:
	case NOTICE_KINDS:
		break;
	}
}

static void
take_record(struct sharing *s, const struct share_message *m)
{
	const struct seal_key *key;
	struct notice n;

	if (seal_open(s->keys, m, &n, &key)) {
		if (!s->counts.bad++)
			log_warnx(s->log, "share: a record does not bear the seal of this group's key; \"knockctl "
					  "stats\" counts them");
		return;
	}
	take_notice(s, &n, m->left_ms);
}

/* Why the link is still down: the first reasons of an outage say most. */
static void
tell_reason(struct sharing *s)
{
	if (!s->up && s->reasons++ < REASONS)
		log_warnx(s->log, "share: the link is down: %s", s->reason);
}

static void
take_link(struct sharing *s, const struct share_message *m)
{
	uint64_t now = moment_boot_msec();
	bool up = m->link == SHARE_UP;

	text_copy(s->reason, sizeof(s->reason), m->reason);
	s->counts.faults += !up;
	if (m->missed)
		group_want_resync(s, now);
	if (up == s->up) {
		tell_reason(s);
		return;
	}
	s->up = up;
	s->reasons = 0;
	if (up) {
		s->counts.links++;
		log_notice(s->log, "share: connected to %s", s->reason);
		s->up_at = now;
		s->met = 0;
		s->hello_at = UINT64_MAX; /* when the others can hear all */
		s->asked_at = now;        /* the courier reads all by itself; if it does not, it is asked */
		group_want_resync(s, now);
	} else {
		log_warnx(s->log, "share: the link is down: %s", s->reason);
		s->down_at = now;
		tickets_forget(s);
	}
}

static void
begin_sync(struct sharing *s)
{
	s->syncing = true;
	s->filling = false;
	s->reading++;
	s->read = hlc_next(&s->hlc, moment_now());
	s->resync_at = moment_boot_msec() + GROUP_RESYNC_MSEC;
	s->counts.resyncs++;
}

static void
end_sync(struct sharing *s)
{
	s->syncing = false;
	s->filling = true;
	s->synced_at = moment_boot_msec();
	s->bans_read = s->read;
	s->fill_at = 0;
	known_begin(&s->known);
}

static void
take_message(struct sharing *s, const struct share_message *m)
{
	if (m->kind != SHARE_RECORD)
		apply_all(s);
	switch ((enum share_kind)m->kind) {
	case SHARE_LINK:
		take_link(s, m);
		break;
	case SHARE_RECORD:
		take_record(s, m);
		break;
	case SHARE_ANSWER:
		tickets_answer(s, m->ticket, (enum share_answer)m->answer);
		break;
	case SHARE_SYNC_BEGIN:
		begin_sync(s);
		break;
	case SHARE_SYNC_END:
		end_sync(s);
		break;
	case SHARE_READY:
	case SHARE_PUT:
	case SHARE_RESYNC:
		break;
	}
}

bool
sharing_take(struct sharing *s, const struct share_message *messages, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!share_valid(&messages[i], SHARE_FROM_COURIER))
			return false;
	for (size_t i = 0; i < n && s->keys; i++)
		take_message(s, &messages[i]);
	apply_all(s);
	return true;
}

void
sharing_cut_off(struct sharing *s, const char *why)
{
	if (!s)
		return;
	text_copy(s->reason, sizeof(s->reason), why);
	if (s->up)
		s->down_at = moment_boot_msec();
	s->up = s->syncing = s->filling = false;
	tickets_forget(s);
}

/* ---- time ---------------------------------------------------------------------------------------- */

/* What this gateway knows and the server lacks. Not numbered: several gateways may put the same. */
static bool
fill(struct sharing *s, const struct known_access *a, uint64_t now)
{
	struct notice n = a->notice;
	uint64_t left = a->end == UINT64_MAX ? 0 : a->end - now;
	struct share_message m;

	group_set_left(s, &n, left);
	group_seal(s, &n, 0, &m);
	group_store(&m, &n, left && n.kind == NOTICE_REVOKE ? left + NOTICE_SKEW_MS : left);
	if (endless_is(a))
		m.flags |= SHARE_RENEW;
	if (n.kind == NOTICE_COUNTER) {
		m.flags |= SHARE_COUNTER;
		m.counter = n.counter;
		seal_user_id(&s->keys->at[0], n.key, n.reset, m.user);
	} else if (n.kind == NOTICE_ONCE_USED) {
		m.flags |= SHARE_ONCE;
		memcpy(m.once, n.once, sizeof(m.once));
	}
	return group_post(s, &m);
}

/* An access without end is kept by who has it; else two gateways that have not would keep it for each other. */
static bool
is_lacking(const struct sharing *s, const struct known_access *a, uint64_t now)
{
	return a->seen != s->reading && a->end > now && (!endless_is(a) || endless_is_here(s, &a->notice));
}

static void
fill_some(struct sharing *s, uint64_t now)
{
	struct known_access *a;

	s->fill_at = now + FILL_MSEC;
	for (int n = 0; n < FILL_MAX && (a = known_each(&s->known));) {
		if (!is_lacking(s, a, now))
			continue;
		if (!fill(s, a, now)) {
			s->known.next = a;
			return;
		}
		a->seen = s->reading;
		if (endless_is(a))
			endless_hold(s, a, GROUP_LEASE_MSEC);
		n++;
	}
	s->filling = s->known.next;
	if (s->filling)
		return;
	s->filled = s->read;
	s->hello_at = now; /* who has connected waits for it */
}

static void
ask_for_all(struct sharing *s, uint64_t now)
{
	const struct share_message m = { .kind = SHARE_RESYNC };

	s->asked_at = now;
	s->resync_at = now + (s->up && s->owner.post(s->owner.arg, &m) ? GROUP_RESYNC_MSEC : GROUP_PAUSE_MSEC);
}

void
sharing_tick(struct sharing *s, uint64_t now)
{
	size_t missing;

	if (!group_is_on(s))
		return;
	endless_forget(s, now);
	missing = peers_missing(&s->peers, now);
	s->counts.gaps += missing;
	if (missing)
		group_want_resync(s, now);
	if (!s->up)
		return;
	if (s->hello_at <= now) {
		tickets_hello(s, 0);
		s->hello_at = now + HELLO_MSEC;
	}
	if (s->resync_at <= now && !s->syncing)
		ask_for_all(s, now);
	if (s->filling && s->fill_at <= now)
		fill_some(s, now);
}

uint64_t
sharing_next(const struct sharing *s)
{
	uint64_t next;

	if (!group_is_on(s))
		return UINT64_MAX;
	next = earlier(known_next(&s->known), peers_next(&s->peers));
	if (!s->up)
		return next;
	if (s->filling)
		next = earlier(next, s->fill_at);
	return earlier(next, s->syncing ? s->hello_at : earlier(s->hello_at, s->resync_at));
}

void
sharing_users_read(struct sharing *s)
{
	if (!group_is_on(s))
		return;
	for (struct known_access *a = s->known.oldest; a; a = a->newer)
		if ((a->notice.kind == NOTICE_COUNTER || a->notice.kind == NOTICE_RESET) && !a->applied)
			apply_use(s, &a->notice, 0);
}

void
sharing_resync(struct sharing *s)
{
	if (group_is_on(s))
		group_want_resync(s, moment_boot_msec());
}

/* ---- the configuration --------------------------------------------------------------------------- */

/* Accesses of a door that is new here, and counters of a user who is. */
static void
apply_missed(struct sharing *s)
{
	uint64_t now = moment_boot_msec();

	for (struct known_access *a = s->known.oldest; a; a = a->newer)
		if (!a->applied)
			apply_rest(s, a, now);
	apply_all(s);
	sharing_users_read(s);
}

/* What another group has told does not concern this one. */
static int
join_group(struct sharing *s, const struct conf *conf)
{
	if (s->known.buckets.at && !strcmp(s->group, conf->share.name))
		return 0;
	known_free(&s->known);
	s->peers.n = 0;
	text_copy(s->group, sizeof(s->group), conf->share.name);
	return known_init(&s->known, 0);
}

static int
name_doors(struct sharing *s, const struct conf *conf)
{
	uint8_t(*doors)[NOTICE_ID_LEN] = calloc(conf->n_doors + 1, sizeof(*doors));

	if (!doors)
		return -1;
	for (size_t i = 0; i < conf->n_doors; i++)
		notice_door_id(conf->doors[i].name, doors[i]);
	free(s->doors);
	s->doors = doors;
	return 0;
}

const struct door *
sharing_door(const struct sharing *s, const uint8_t id[static NOTICE_ID_LEN])
{
	return group_door(s, id);
}

bool
sharing_follow(struct sharing *s, const struct conf *conf)
{
	if (!s)
		return true;
	s->conf = conf;
	s->keys = conf->share.engine ? conf->share.keys : NULL;
	if (!s->keys)
		return true;
	s->origin = make_origin(conf, s->name);
	s->hlc.tag = (uint8_t)s->origin;
	if (join_group(s, conf) || name_doors(s, conf))
		return false;
	s->known.max = 2 * (size_t)conf->max_grants; /* and as many tombstones */
	s->bans_read = 0;                            /* they may be wanted now */
	apply_missed(s);
	return true;
}
