/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "access/grants.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grant.h"
#include "lib/moment.h"

/* ---- given and taken --------------------------------------------------------------------------- */

static struct moment
end_of(uint64_t lifetime_ms)
{
	return moment_after(moment_now(),
			    lifetime_ms && lifetime_ms < MOMENT_MAX_MSEC ? (int64_t)lifetime_ms : MOMENT_MAX_MSEC);
}

static void
begin(struct grants *g, struct grant *grant, const struct moment *end)
{
	struct journal_entry entry = { .kind = JOURNAL_GRANT,
				       .door = grant->kind->door,
				       .ip = grant->ip,
				       .text = grant->kind->text,
				       .user = grant->kind->user,
				       .since_wall_ms = grant->since_wall_ms,
				       .end = *end };

	grant->journal_id = journal_add(g->journal, &entry);
}

void
grants_given(struct grants *g, const char *door, const char *user, const struct nftset_op *op)
{
	const struct element *e = op->element;
	struct grant *grant = grant_find(g, e->family, e->table, e->set, op->key, op->key_len);
	uint64_t lasts_ms = e->idle_ms && !op->timeout_ms ? e->limit_ms : op->lifetime_ms;
	struct moment end = end_of(lasts_ms);
	char text[ELEMENT_TEXT_MAX];
	struct kind *kind = grant_kind(g, door, user, element_text(e, text, sizeof(text)));

	if (kind) {
		kind->idle_ms = e->idle_ms;
		kind->place->renews = grant_is_renewable(op);
	}
	if (kind && grant && grant->kind == kind) {
		journal_move(g->journal, grant->journal_id, end);
	} else if (kind) {
		if (grant)
			grant_drop(g, grant); /* another door gave the same element before: `door` takes it over */
		grant = grant_add(g, kind, &op->ip);
		if (grant) {
			grant_set_key(g, grant, op->key, op->key_len);
			begin(g, grant, &end);
		}
	}
	if (kind && grant) {
		grant->there = true;
		grant->given_ms = nftset_lifetime(op);
		grant_set_end(g, grant, lasts_ms ? end.boot_ms : INT64_MAX);
	} else {
		log_warn(g->log, "%s: no memory to remember a grant; it is not put back after a flush", door);
	}
}

static bool
is_same_part(const char *part, const struct addr *ip, const char *other, const struct addr *other_ip)
{
	char text[ELEMENT_TEXT_MAX], other_text[ELEMENT_TEXT_MAX];

	return !strcmp(element_expand(part, ip, text, sizeof(text)),
		       element_expand(other, other_ip, other_text, sizeof(other_text)));
}

static bool
is_same_element(const struct grant *grant, const struct nftset_op *op)
{
	const struct element *a = &grant->kind->element, *b = op->element;

	if (!grant_is_in(grant->kind->place, b->family, b->table, b->set) || a->n_parts != b->n_parts)
		return false;
	for (size_t i = 0; i < a->n_parts; i++)
		if (!is_same_part(a->parts[i], &grant->ip, b->parts[i], &op->ip))
			return false;
	return true;
}

/* Without a set there is no key to find the grant by. */
static struct grant *
find_by_text(const struct grants *g, const struct nftset_op *op)
{
	struct grant *grant = g->oldest;

	while (grant && !is_same_element(grant, op))
		grant = grant->newer;
	return grant;
}

void
grants_taken(struct grants *g, const struct nftset_op *op)
{
	const struct element *e = op->element;
	struct grant *grant =
	    op->key_len ? grant_find(g, e->family, e->table, e->set, op->key, op->key_len) : find_by_text(g, op);

	if (grant && op->add) /* another program's element admits the client now */
		grant_drop(g, grant);
	else if (grant)
		grant_end(g, grant, op, GRANTS_EARLY);
}

/* ---- whose element it is ------------------------------------------------------------------------ */

/* nftset_owner */
static bool
expects(void *arg, const struct nftset_op *op)
{
	const struct element *e = op->element;
	const struct grant *grant = grant_find(arg, e->family, e->table, e->set, op->key, op->key_len);

	return grant && grant->there;
}

/* nftset_owner */
static bool
owns(void *arg, const struct nftset_op *op, const struct nftset_found *found)
{
	const struct element *e = op->element;
	const struct grant *grant = grant_find(arg, e->family, e->table, e->set, op->key, op->key_len);

	return grant ? grant_is_as_given(grant, found) : nftset_gives(op, found);
}

/* ---- timers and knockctl ----------------------------------------------------------------------- */

void
grants_tick(struct grants *g, const struct conf *conf, uint64_t now)
{
	grant_end_due(g, now);
	if (g->retry_at <= now)
		grants_restore(g, conf);
}

uint64_t
grants_next(const struct grants *g)
{
	uint64_t next = timers_next(&g->timers);

	return g->retry_at < next ? g->retry_at : next;
}

size_t
grants_count(const struct grants *g)
{
	return g->n;
}

size_t
grants_of(const struct grants *g, const char *door, const struct addr *ip)
{
	return grant_count(g, door, ip);
}

bool
grants_reach(const struct grants *g, const struct network *network)
{
	for (const struct grant *grant = g->oldest; grant; grant = grant->newer) {
		struct network let_in = network_around(&grant->ip, grant->kind->bits);

		if (network_overlaps(&let_in, network))
			return true;
	}
	return false;
}

/* The first grant after `serial`. Starts at next_shown if possible, so a list in portions is walked only once. */
static struct grant *
seek(const struct grants *g, uint64_t serial)
{
	struct grant *grant = g->next_shown;

	if (!grant || (grant->older && grant->older->serial > serial))
		grant = g->oldest;
	while (grant && grant->serial <= serial)
		grant = grant->newer;
	return grant;
}

uint64_t
grants_each(struct grants *g, uint64_t from, size_t max, grants_visit *visit, void *arg)
{
	struct grant *grant = seek(g, from);
	bool more = true;

	for (; grant && max-- && more; grant = grant->newer) {
		struct grant_view view = { .door = grant->kind->door,
					   .user = grant->kind->user,
					   .ip = &grant->ip,
					   .element = &grant->kind->element,
					   .since_wall_ms = grant->since_wall_ms,
					   .end_boot_ms = grant->end_boot_ms,
					   .idle_ms = grant->kind->idle_ms,
					   .waiting = !grant->there };

		from = grant->serial;
		more = visit(arg, &view);
	}
	g->next_shown = grant;
	return grant || !more ? from : 0;
}

/* An end in the past ends the grant within 1 ms. Without a set the element comes back with the new end. */
static bool
extend(struct grants *g, struct grant *grant, int64_t by_ms, char *err, size_t errlen)
{
	int64_t left = grant->end_boot_ms - moment_now().boot_ms + by_ms;
	struct nftset_op op = { .add = true,
				.element = &grant->kind->element,
				.ip = grant->ip,
				.comment = grant->kind->comment,
				.timeout_ms = left > 0 ? (uint64_t)left : 1 };
	struct moment end;

	if (grant->end_boot_ms == INT64_MAX)
		return false;
	if (grant->kind->idle_ms) { /* packets renew the element; the daemon ends it */
		end = end_of(op.timeout_ms);
		journal_move(g->journal, grant->journal_id, end);
		grant_set_end(g, grant, end.boot_ms);
		return true;
	}
	nftset_apply(g->nftset, &op, 1);
	grant->there = op.result == NFTSET_OK;
	if (op.result != NFTSET_OK && op.result != NFTSET_NO_SET) {
		grant_log_misfit(g, grant, "extended", &op, err, errlen);
		if (op.result == NFTSET_KEPT)
			grant_drop(g, grant);
		return false;
	}
	grant->given_ms = op.timeout_ms;
	end = end_of(op.timeout_ms);
	journal_move(g->journal, grant->journal_id, end);
	grant_set_end(g, grant, end.boot_ms);
	return true;
}

size_t
grants_extend(struct grants *g, const struct request_whom *whom, int64_t by_ms, char *err, size_t errlen)
{
	size_t n = 0;

	*err = '\0';
	for (struct grant *grant = g->oldest, *newer; grant; grant = newer) {
		newer = grant->newer; /* extend() may free it */
		n += request_means(whom, &grant->ip, grant->kind->door) && extend(g, grant, by_ms, err, errlen);
	}
	return n;
}

/* ---- start and end ----------------------------------------------------------------------------- */

struct grants *
grants_new(const struct log *log, struct nftset *nftset)
{
	struct grants *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	*g = (struct grants){ .log = log, .nftset = nftset, .next_serial = 1, .retry_at = UINT64_MAX };
	nftset_set_owner(nftset, &(struct nftset_owner){ .arg = g, .expects = expects, .owns = owns });
	if (!grant_prepare(g))
		return g;
	grants_free(g);
	errno = ENOMEM;
	return NULL;
}

void
grants_tell(struct grants *g, grants_ended *ended, void *arg)
{
	g->ended = ended;
	g->ended_arg = arg;
}

void
grants_keep_in(struct grants *g, struct journal *journal)
{
	g->journal = journal;
}

void
grants_free(struct grants *g)
{
	if (!g)
		return;
	nftset_set_owner(g->nftset, NULL);
	g->journal = NULL; /* its entries stay for the next start */
	while (g->oldest)
		grant_drop(g, g->oldest);
	for (struct place *place = g->places; place; place = place->next)
		place->named = false;
	grant_sweep(g);
	timers_free(&g->timers);
	buckets_free(&g->buckets);
	buckets_free(&g->ip_buckets);
	free(g);
}
