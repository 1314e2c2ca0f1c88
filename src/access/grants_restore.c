/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Puts back elements that a flush, a reload of the firewall or a restart has removed. The daemon first looks at the
 * set: it writes only what is missing, or what is there with another end.
 */
#include "access/grants.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <stdlib.h>
#include <string.h>

#include "conf/guard.h"
#include "grant.h"
#include "leftovers.h"
#include "lib/moment.h"
#include "lib/text.h"
#include "netlink/nfnl.h"

/* Delay before the next try when the kernel was out of memory or the like, and before another look. */
#define RETRY_MSEC 1000

/* So many elements or fewer are dumped in one message of the kernel, which has 16 KiB or more. */
#define ONE_MESSAGE 64

/* ---- changes by other programs ----------------------------------------------------------------- */

/* The event may be older than a table that was made since, with the element. */
static void
delete_again(struct grants *g, const struct grant *grant)
{
	struct nftset_op op = { .element = &grant->kind->element, .ip = grant->ip, .own = true };

	nftset_apply(g->nftset, &op, 1);
}

static void
end_by_hand(struct grants *g, const struct monitor_event *event)
{
	struct grant *grant = grant_find(g, event->family, event->table, event->set, event->key, event->key_len);
	char ip[ADDR_STRLEN];

	if (!grant)
		return;
	if (grant->put)
		delete_again(g, grant);
	log_notice(g->log, "%s: %s: element deleted from %s %s %s", addr_format(&grant->ip, ip), grant->kind->door,
		   element_family_name(event->family), event->table, event->set);
	grant_finish(g, grant, GRANTS_EARLY);
}

/* Events are lost when a huge ruleset is loaded, too. */
static void
mark_changed(struct grants *g, const struct monitor_event *event)
{
	for (struct place *place = g->places; place; place = place->next) {
		if (event->kind != MONITOR_LOST && !grant_is_in(place, event->family, event->table, event->set))
			continue;
		place->changed = true;
		if (event->kind != MONITOR_LOST || journal_is_complete(g->journal))
			place->loaded = GRANT_LOOKS;
	}
}

/* Another element is deleted, so there is room for one that waits. */
static void
mark_freed(struct grants *g, const struct monitor_event *event)
{
	for (struct place *place = g->places; place; place = place->next)
		if (place->full && grant_is_in(place, event->family, event->table, event->set))
			place->changed = true;
}

void
grants_noticed(struct grants *g, const struct monitor_event *event)
{
	switch (event->kind) {
	case MONITOR_ELEMENT_GONE:
		end_by_hand(g, event);
		mark_freed(g, event);
		break;
	case MONITOR_TABLE_GONE:
	case MONITOR_SET_CHANGED:
	case MONITOR_LOST:
		mark_changed(g, event);
		break;
	case MONITOR_TABLE_NEW:
	case MONITOR_RULES_GONE:
		break;
	}
}

/* ---- one restoring ----------------------------------------------------------------------------- */

struct restoring {
	const struct conf *conf;
	struct grant_batch batch;
	size_t restored, failed;
	int error; /* errno: netlink failed, and the rest is not tried */
};

static void
fail(struct restoring *r, struct place *place, size_t n, int error)
{
	place->changed = true;
	r->error = error;
	r->failed += n;
}

/* ---- looking ----------------------------------------------------------------------------------- */

struct looking {
	struct grants *grants;
	const struct place *place;
	struct leftovers *leftovers; /* NULL: not looked for */
	size_t met;                  /* elements */
};

static bool
has_right_end(const struct grant *grant, const struct nftset_found *found)
{
	uint64_t left = grant_left(grant);

	if (grant->kind->idle_ms)
		return found->left_ms <= grant->kind->idle_ms + GRANT_SLACK_MSEC;
	if (!left || found->left_ms == NFTSET_ENDLESS)
		return !left && found->left_ms == NFTSET_ENDLESS;
	if (grant->kind->place->renews)
		return left <= found->left_ms + GRANT_SLACK_MSEC;
	return found->left_ms <= left + GRANT_SLACK_MSEC && left <= found->left_ms + GRANT_SLACK_MSEC;
}

/* nftset_visit */
static void
meet(void *arg, const void *key, uint32_t key_len, const struct nftset_found *found)
{
	struct looking *l = arg;
	const struct element *set = &l->place->set;
	struct grant *grant = grant_find(l->grants, set->family, set->table, set->set, key, key_len);

	l->met++;
	if (!grant) {
		leftovers_meet(l->leftovers, key, key_len, found);
		return;
	}
	grant->met = !grant_is_as_given(grant, found) || !has_right_end(grant, found);
	if (grant->met)
		return;
	grant->seen = l->place->look;
	grant->there = true;
	grant->given_ms = found->timeout_ms;
	if (l->place->renews && grant->end_boot_ms != INT64_MAX && found->left_ms > grant_left(grant))
		grant_follow(l->grants, grant, found->left_ms);
}

/*
 * The kernel makes a set's hash table larger some time after a load. A dump that takes several messages then misses
 * elements without a word.
 */
static void
end_look(const struct looking *l, struct place *place, size_t removed)
{
	bool first = place->loaded == GRANT_LOOKS;

	place->loaded--;
	if (!l->leftovers || (!removed && (!first || l->met < ONE_MESSAGE)))
		place->loaded = 0;
	place->again = place->loaded;
}

/* 0, or -1 with errno. */
static int
look(struct grants *g, const struct restoring *r, struct place *place)
{
	struct looking looking = { .grants = g, .place = place };
	int rc;

	if (place->loaded && place->named)
		looking.leftovers = leftovers_new(g, place, r->conf);
	rc = grant_look(g, place, meet, &looking);
	if (!rc && place->loaded)
		end_look(&looking, place, leftovers_remove(looking.leftovers, place->loaded == GRANT_LOOKS));
	leftovers_free(looking.leftovers);
	return rc;
}

static size_t
count_grants(const struct grants *g, const struct place *place)
{
	size_t n = 0;

	for (const struct kind *kind = g->kinds; kind; kind = kind->next)
		n += kind->place == place ? kind->grants : 0;
	return n;
}

/* Moves the marks to `looked`, because a failure marks a place again. */
static void
look_at_changed(struct grants *g, struct restoring *r)
{
	for (struct place *place = g->places; place; place = place->next) {
		place->looked = place->changed;
		place->changed = place->again = place->full = false;
		if (!place->looked || !look(g, r, place))
			continue;
		place->looked = false;
		fail(r, place, count_grants(g, place), errno);
	}
}

/* ---- putting back ------------------------------------------------------------------------------ */

/* It is not known when the last packet came: not longer ago than the time in which the access would have ended. */
static uint64_t
time_left(const struct grant *grant)
{
	uint64_t left = grant_left(grant), idle = grant->kind->idle_ms;

	return idle && (!left || idle < left) ? idle : left;
}

/* Packets would have renewed the element, but an earlier run has written it, and the kernel has ended it. */
static bool
was_idle(const struct grant *grant)
{
	return grant->kind->idle_ms && !grant->given_ms;
}

static void
fill_in(const struct grant *grant, uint64_t left_ms, nftset_visit *visit, void *arg)
{
	struct nftset_found as = { .timeout_ms = left_ms ? left_ms : NFTSET_ENDLESS };

	as.left_ms = as.timeout_ms;
	text_copy(as.comment, sizeof(as.comment), grant->kind->comment);
	visit(arg, grant->key, grant->key_len, &as);
}

void
grants_fill(struct grants *g, const char *set, nftset_visit *visit, void *arg)
{
	int64_t now = moment_now().boot_ms;

	for (struct grant *grant = g->oldest; grant; grant = grant->newer) {
		const struct kind *kind = grant->kind;

		if (!grant->key_len || grant->end_boot_ms <= now || was_idle(grant))
			continue;
		if (grant_is_in(kind->place, NFPROTO_INET, GUARD_TABLE, set)) {
			fill_in(grant, time_left(grant), visit, arg);
			grant->put = true;
		} else if (kind->idle_ms && kind->twin && !strcmp(kind->twin, set)) {
			fill_in(grant, grant_left(grant), visit, arg);
		}
	}
}

/* A missing set is no error: if it appears, the monitor reports it. */
static void
take_result(struct grants *g, struct restoring *r, struct grant *grant, const struct nftset_op *op)
{
	if (op->result == NFTSET_OK) {
		grant_set_key(g, grant, op->key, op->key_len);
		grant->there = true;
		grant->given_ms = nftset_lifetime(op);
		r->restored++;
	} else if (op->result == NFTSET_ERROR && nfnl_is_passing(op->error)) {
		fail(r, grant->kind->place, 1, op->error);
	} else if (op->result == NFTSET_KEPT) {
		grant_log_kept(g, grant, "not put back", op);
		grant_drop(g, grant);
	} else if (op->result != NFTSET_NO_SET) {
		grant->kind->place->full = op->result == NFTSET_FULL;
		grant_log_misfit(g, grant, "put back", op, NULL, 0);
	}
}

static void
finish_batch(struct grants *g, struct restoring *r)
{
	struct grant_batch *b = &r->batch;
	int error = r->error;

	if (!error && b->n && nftset_apply(g->nftset, b->ops, b->n) < 0)
		error = errno;
	for (size_t i = 0; i < b->n; i++) {
		if (error)
			fail(r, b->grants[i]->kind->place, 1, error);
		else
			take_result(g, r, b->grants[i], &b->ops[i]);
	}
	b->n = 0;
}

static void
add_to_batch(struct grants *g, struct restoring *r, struct grant *grant)
{
	struct grant_batch *b = &r->batch;

	b->ops[b->n] = (struct nftset_op){ .add = true,
					   .element = &grant->kind->element,
					   .ip = grant->ip,
					   .comment = grant->kind->comment,
					   .likely = grant->met,
					   .timeout_ms = time_left(grant) };
	b->grants[b->n++] = grant;
	if (b->n == GRANT_BATCH)
		finish_batch(g, r);
}

static void
put_back_unseen(struct grants *g, struct restoring *r)
{
	for (struct grant *grant = g->oldest, *newer; grant; grant = newer) {
		const struct place *place = grant->kind->place;

		newer = grant->newer; /* a full batch may free this grant and older ones */
		if (!place->looked)
			continue;
		if (grant->seen == place->look) {
			r->restored += grant->put;
			continue;
		}
		grant->there = grant->put = false;
		if (was_idle(grant)) {
			grant_finish(g, grant, GRANTS_TIME);
			continue;
		}
		if (!place->missing)
			add_to_batch(g, r, grant);
		grant->met = false;
	}
	finish_batch(g, r);
}

/* Elements that packets renew may have lost their twins in the same way. */
static void
write_ends(struct grants *g, const struct restoring *r)
{
	for (struct grant *grant = g->oldest; grant; grant = grant->newer) {
		if (!grant->kind->place->looked)
			continue;
		if (grant->there && !grant->put && !r->error)
			grant_write_end(g, grant);
		grant->put = false;
	}
}

static bool
needs_look(const struct grants *g)
{
	for (const struct place *place = g->places; place; place = place->next)
		if (place->again)
			return true;
	return false;
}

/* Logs only the first failure of a series. */
static void
try_later(struct grants *g, size_t failed, int error)
{
	errno = error;
	if (failed && !g->failing)
		log_warn(g->log, "could not put back %zu elements, trying again", failed);
	g->failing = error;
	g->retry_at = error || needs_look(g) ? moment_boot_msec() + RETRY_MSEC : UINT64_MAX;
}

/* An access that has ended is not begun again, for whatever time. */
static void
restore(struct grants *g, struct restoring *r)
{
	grant_end_due(g, moment_boot_msec());
	grant_find_keys(g, &r->batch);
	look_at_changed(g, r);
	put_back_unseen(g, r);
	write_ends(g, r);
	if (r->restored)
		log_notice(g->log, "%zu elements put back", r->restored);
	try_later(g, r->failed, r->error);
}

/* The places that need another look, if it is time. */
static void
look_again(struct grants *g)
{
	if (g->retry_at > moment_boot_msec())
		return;
	for (struct place *place = g->places; place; place = place->next)
		place->changed |= place->again;
}

static bool
has_changed(const struct grants *g)
{
	for (const struct place *place = g->places; place; place = place->next)
		if (place->changed)
			return true;
	return false;
}

void
grants_restore(struct grants *g, const struct conf *conf)
{
	struct restoring *r;

	look_again(g);
	if (!has_changed(g))
		return;
	r = calloc(1, sizeof(*r));
	if (r) {
		r->conf = conf;
		restore(g, r);
	} else
		try_later(g, g->n, ENOMEM);
	grant_sweep(g);
	free(r);
}

/* ---- an earlier run ---------------------------------------------------------------------------- */

static void
learn_set(struct grants *g, struct kind *kind, const struct addr *ip)
{
	struct nftset_op op = { .element = &kind->element, .ip = *ip };

	nftset_check(g->nftset, &op, 1);
	kind->place->renews = grant_is_renewable(&op);
}

void
grants_take_up(struct grants *g, const char *door, const struct journal_entry *entry)
{
	struct kind *kind = grant_kind(g, door, entry->user, entry->text);
	struct grant *grant = kind ? grant_add(g, kind, &entry->ip) : NULL;
	bool endless = entry->end.boot_ms - moment_now().boot_ms > MOMENT_MAX_MSEC / 2;

	if (!grant) {
		log_warnx(g->log, "%s: could not restore an element from the journal: %s", door, entry->text);
		return;
	}
	grant->journal_id = entry->id;
	grant->since_wall_ms = entry->since_wall_ms;
	grant_set_end(g, grant, endless ? INT64_MAX : entry->end.boot_ms);
	if (!kind->place->changed) /* the first one in this set */
		learn_set(g, kind, &entry->ip);
	kind->place->changed = true;
}
