/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ends accesses before their time: at the admin's request, and those that no door grants any more. */
#include "access/grants.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access/remembered.h"
#include "grant.h"
#include "lib/moment.h"

/* From this number on one look at the set is cheaper than a question about each element. */
#define MANY 16

/* Looks at one set, while other programs change the ruleset. */
#define LOOKS 8

/* Lines of grants_follow() about single accesses; then one with the number of the others. */
#define LINES 10

struct ending {
	struct grants *grants;
	const struct request_whom *whom; /* whose accesses end; NULL: those that are not granted any more */
	char *err;                       /* for knockctl, or NULL */
	size_t errlen;
	size_t n;     /* ended so far */
	size_t looks; /* at the current place */
	struct grant_batch batch;
};

static bool
is_meant(const struct ending *e, const struct grant *grant)
{
	if (e->whom)
		return request_means(e->whom, &grant->ip, grant->kind->door);
	return !grant->kind->granted[door_family(&grant->ip)];
}

static void
log_unwanted(const struct ending *e, const struct grant *grant)
{
	char ip[ADDR_STRLEN], text[LOG_TEXT_MAX / 2];

	log_notice(e->grants->log, "%s: %s: no door grants this access any more: it is ended: %s",
		   addr_format(&grant->ip, ip), grant->kind->door,
		   element_for(&grant->kind->element, &grant->ip, text, sizeof(text)));
}

/* Without a set there is no element. */
static void
tell(struct ending *e, const struct grant *grant, const struct nftset_op *op)
{
	if (!e->whom && e->n >= LINES)
		return;
	if (!e->whom)
		log_unwanted(e, grant);
	if (op->result == NFTSET_KEPT)
		grant_log_kept(e->grants, grant, "no revoke", op);
	else if (!nftset_is_good(op) && op->result != NFTSET_NO_SET)
		grant_log_misfit(e->grants, grant, "deleted", op, e->err, e->errlen);
}

/* The access ends, even if the kernel keeps the element: it is not put back, and has a time. */
static void
end_batch(struct ending *e)
{
	struct grant_batch *b = &e->batch;

	nftset_apply(e->grants->nftset, b->ops, b->n);
	for (size_t i = 0; i < b->n; i++) {
		tell(e, b->grants[i], &b->ops[i]);
		grant_end(e->grants, b->grants[i], &b->ops[i], e->whom ? GRANTS_EARLY : GRANTS_UNWANTED);
		e->n++;
	}
	b->n = 0;
}

/* One look at a place. */
struct sight {
	struct grants *grants;
	const struct place *place;
};

/* nftset_visit */
static void
see(void *arg, const void *key, uint32_t key_len, const struct nftset_found *found)
{
	const struct sight *sight = arg;
	const struct element *set = &sight->place->set;
	struct grant *grant = grant_find(sight->grants, set->family, set->table, set->set, key, key_len);

	if (grant && grant_is_as_given(grant, found))
		grant->seen = sight->place->look;
}

static size_t
count_meant(const struct ending *e, const struct place *place)
{
	size_t n = 0;

	for (const struct grant *grant = e->grants->oldest; grant; grant = grant->newer)
		n += grant->kind->place == place && is_meant(e, grant);
	return n;
}

/* Is it known which elements are the daemon's? If not, nftset asks for each. */
static bool
look(struct ending *e, struct place *place)
{
	struct sight sight = { .grants = e->grants, .place = place };

	if (e->looks && nftset_unchanged(e->grants->nftset))
		return true;
	return e->looks++ < LOOKS && !grant_look(e->grants, place, see, &sight);
}

static void
end_in(struct ending *e, struct place *place)
{
	bool many = count_meant(e, place) > MANY, known = false;
	struct grant_batch *b = &e->batch;

	e->looks = 0;
	for (struct grant *grant = e->grants->oldest, *newer; grant; grant = newer) {
		newer = grant->newer; /* a full batch frees this grant and older ones */
		if (grant->kind->place != place || !is_meant(e, grant))
			continue;
		if (many && !b->n)
			known = look(e, place);
		b->ops[b->n] = (struct nftset_op){ .element = &grant->kind->element,
						   .ip = grant->ip,
						   .own = true,
						   .seen = known && grant->seen == place->look };
		b->grants[b->n++] = grant;
		if (b->n == GRANT_BATCH)
			end_batch(e);
	}
	end_batch(e);
}

static void
end_all(struct ending *e)
{
	journal_hold(e->grants->journal);
	for (struct place *place = e->grants->places; place; place = place->next)
		end_in(e, place);
	journal_release(e->grants->journal);
}

size_t
grants_revoke(struct grants *g, const struct request_whom *whom, char *err, size_t errlen)
{
	struct ending *e = calloc(1, sizeof(*e));
	size_t n;

	*err = '\0';
	if (!e) {
		log_warn(g->log, "could not delete elements");
		snprintf(err, errlen, "%s", strerror(ENOMEM));
		return 0;
	}
	e->grants = g;
	e->whom = whom;
	e->err = err;
	e->errlen = errlen;
	end_all(e);
	n = e->n;
	free(e);
	return n;
}

/* ---- another configuration --------------------------------------------------------------------- */

static void
name_places(struct grants *g, const struct element_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		struct place *place = grant_place(g, &list->at[i]);

		if (!place)
			continue;
		place->named = true;
		/* at the start of the daemon: whatever was loaded before */
		if (g->followed || !journal_is_complete(g->journal))
			continue;
		place->loaded = GRANT_LOOKS;
		place->changed = true;
	}
}

static void
name_all(struct grants *g, const struct conf *conf)
{
	for (struct place *place = g->places; place; place = place->next)
		place->named = false;
	for (size_t i = 0; i < conf->n_doors; i++)
		for (enum door_kind kind = 0; kind < DOOR_KINDS; kind++)
			for (enum conf_family f = CONF_V4; f < CONF_FAMILIES && door_adds(kind); f++)
				name_places(g, door_elements(&conf->doors[i], kind, f));
}

/* Is there an access that is not granted any more? */
static bool
judge(struct grants *g, const struct conf *conf)
{
	bool any = false;

	for (struct kind *kind = g->kinds; kind; kind = kind->next)
		for (enum conf_family f = CONF_V4; f < CONF_FAMILIES && kind->grants; f++)
			kind->granted[f] = remembered_is_granted(conf, &kind->element, f);
	for (const struct grant *grant = g->oldest; grant && !any; grant = grant->newer)
		any = !grant->kind->granted[door_family(&grant->ip)];
	return any;
}

static void
end_unwanted(struct grants *g)
{
	struct ending *e = calloc(1, sizeof(*e));

	if (!e) {
		log_warn(g->log, "could not end accesses that no door grants any more");
		return;
	}
	e->grants = g;
	grant_find_keys(g, &e->batch);
	end_all(e);
	if (e->n > LINES)
		log_notice(g->log, "%zu more accesses that no door grants any more are ended", e->n - LINES);
	free(e);
}

static bool
is_same_key(const struct element *a, const struct element *b)
{
	bool same = a->family == b->family && !strcmp(a->table, b->table) && !strcmp(a->set, b->set) &&
		    a->n_parts == b->n_parts;

	for (size_t i = 0; same && i < a->n_parts; i++)
		same = !strcmp(a->parts[i], b->parts[i]);
	return same;
}

/* The time with which packets renew elements with this key; 0: they do not. */
static uint64_t
find_idle(const struct conf *conf, const struct element *element)
{
	for (size_t d = 0; d < conf->n_doors; d++)
		for (enum conf_family f = CONF_V4; conf->doors[d].idle_ms && f < CONF_FAMILIES; f++) {
			const struct element_list *list = door_elements(&conf->doors[d], DOOR_OPENS, f);

			for (size_t i = 0; i < list->n; i++)
				if (is_same_key(&list->at[i], element))
					return conf->doors[d].idle_ms;
		}
	return 0;
}

/* An access that nothing renews any more has the time left that its element has at most. */
static void
set_idle(struct grants *g, struct kind *kind, uint64_t idle_ms)
{
	int64_t end = moment_now().boot_ms + (int64_t)kind->idle_ms;

	if (kind->idle_ms == idle_ms)
		return;
	kind->idle_ms = idle_ms;
	for (struct grant *grant = g->oldest; grant; grant = grant->newer)
		if (grant->kind == kind)
			grant_set_end(g, grant, idle_ms ? grant->end_boot_ms : end);
}

void
grants_follow(struct grants *g, const struct conf *conf)
{
	for (struct kind *kind = g->kinds; kind; kind = kind->next)
		set_idle(g, kind, find_idle(conf, &kind->element));
	grant_end_due(g, moment_boot_msec());
	name_all(g, conf);
	g->followed = true;
	if (judge(g, conf))
		end_unwanted(g);
	grant_sweep(g);
}
