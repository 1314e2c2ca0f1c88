/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "grant.h"
#include "access/ask.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/guard.h"
#include "lib/moment.h"
#include "lib/siphash.h"
#include "lib/text.h"

/* The kernel's timer may be so much later than the time that it tells. */
#define IDLE_SLACK_MSEC 20

/* Until an element is deleted again that packets renew. */
#define RETRY_MSEC 1000

/* Looks at one set, while other programs change it all the time. */
#define TRIES 8

/* ---- places ------------------------------------------------------------------------------------ */

bool
grant_is_in(const struct place *place, uint8_t family, const char *table, const char *set)
{
	return place->set.family == family && !strcmp(place->set.table, table) &&
	       (!set || !strcmp(place->set.set, set));
}

bool
grant_is_renewable(const struct nftset_op *op)
{
	return op->set_flags & NFT_SET_EVAL && strcmp(op->element->table, GUARD_TABLE);
}

static void
free_place(struct place *place)
{
	element_free(&place->set);
	free(place);
}

static struct place *
add_place(struct grants *g, const struct element *set)
{
	struct place *place = calloc(1, sizeof(*place));

	if (!place)
		return NULL;
	place->set = (struct element){ .family = set->family, .table = strdup(set->table), .set = strdup(set->set) };
	if (!place->set.table || !place->set.set) {
		free_place(place);
		return NULL;
	}
	place->next = g->places;
	g->places = place;
	return place;
}

struct place *
grant_place(struct grants *g, const struct element *set)
{
	for (struct place *place = g->places; place; place = place->next)
		if (grant_is_in(place, set->family, set->table, set->set))
			return place;
	return add_place(g, set);
}

/* ---- kinds ------------------------------------------------------------------------------------- */

/* no secret is needed against collisions: only the admin and clients that know a sequence choose the hashed data */
static const uint8_t no_secret[16];

static void
free_kind(struct kind *kind)
{
	if (kind->place)
		kind->place->kinds--;
	element_free(&kind->element);
	free(kind->door);
	free(kind->user);
	free(kind->comment);
	free(kind->twin);
	free(kind->text);
	free(kind);
}

/* NULL: there is none, or no memory. */
static char *
twin_of(const struct element *element)
{
	static const char *const sets[][2] = { { GUARD_OPEN4, GUARD_UNTIL4 },
					       { GUARD_OPEN6, GUARD_UNTIL6 },
					       { GUARD_OPEN4_TARGET, GUARD_UNTIL4_TARGET },
					       { GUARD_OPEN6_TARGET, GUARD_UNTIL6_TARGET } };

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]) && !strcmp(element->table, GUARD_TABLE); i++)
		if (!strcmp(element->set, sets[i][0]))
			return strdup(sets[i][1]);
	return NULL;
}

/* Compares texts, because the configuration that the element came from may be freed. */
static bool
is_by(const struct kind *kind, const char *user)
{
	return user && kind->user ? !strcmp(kind->user, user) : user == kind->user;
}

static struct kind *
find_kind(struct grants *g, const char *door, const char *user, const char *text)
{
	uint64_t hash = siphash(no_secret, text, strlen(text));

	for (struct kind *kind = g->kinds; kind; kind = kind->next)
		if (kind->hash == hash && !strcmp(kind->text, text) && !strcmp(kind->door, door) && is_by(kind, user))
			return kind;
	return NULL;
}

static struct kind *
add_kind(struct grants *g, const char *door, const char *user, const char *text)
{
	struct kind *kind = calloc(1, sizeof(*kind));
	char err[160];

	if (!kind)
		return NULL;
	kind->door = strdup(door);
	kind->user = user ? strdup(user) : NULL;
	kind->comment = malloc(ELEMENT_COMMENT_MAX);
	if (kind->comment)
		ask_comment(door, user, kind->comment);
	kind->text = strdup(text);
	kind->hash = siphash(no_secret, text, strlen(text));
	if (kind->door && kind->text && kind->comment && (kind->user || !user) &&
	    !element_parse(&kind->element, text, err, sizeof(err))) {
		kind->place = grant_place(g, &kind->element);
		kind->twin = twin_of(&kind->element);
	}
	if (!kind->place) {
		free_kind(kind);
		return NULL;
	}
	kind->place->kinds++;
	kind->bits = element_prefix(&kind->element) < 0 ? 0 : (unsigned)element_prefix(&kind->element);
	kind->next = g->kinds;
	g->kinds = kind;
	return kind;
}

struct kind *
grant_kind(struct grants *g, const char *door, const char *user, const char *text)
{
	struct kind *kind = find_kind(g, door, user, text);

	return kind ? kind : add_kind(g, door, user, text);
}

void
grant_sweep(struct grants *g)
{
	for (struct kind **link = &g->kinds; *link;) {
		struct kind *kind = *link;

		if (kind->grants) {
			link = &kind->next;
			continue;
		}
		*link = kind->next;
		free_kind(kind);
	}
	for (struct place **link = &g->places; *link;) {
		struct place *place = *link;

		if (place->kinds || place->named) {
			link = &place->next;
			continue;
		}
		*link = place->next;
		free_place(place);
	}
}

/* ---- the hash table ---------------------------------------------------------------------------- */

static uint64_t
hash(uint8_t family, const char *table, const char *set, const void *key, uint32_t key_len)
{
	return siphash(no_secret, key, key_len) ^ siphash(no_secret, table, strlen(table)) ^
	       siphash(no_secret, set, strlen(set)) * 3 ^ family;
}

static uint64_t
hash_ip(const struct addr *ip)
{
	return siphash(no_secret, ip->bytes, sizeof(ip->bytes));
}

static void
unhash(struct grants *g, struct grant *grant)
{
	if (grant->key_len)
		buckets_remove(&g->buckets, &grant->link);
	grant->key_len = 0;
}

void
grant_set_key(struct grants *g, struct grant *grant, const void *key, uint32_t key_len)
{
	const struct element *e = &grant->kind->element;

	unhash(g, grant);
	memcpy(grant->key, key, key_len);
	grant->key_len = key_len;
	buckets_add(&g->buckets, &grant->link, hash(e->family, e->table, e->set, key, key_len));
}

size_t
grant_count(const struct grants *g, const char *door, const struct addr *ip)
{
	size_t n = 0;

	for (struct bucket_link *link = buckets_first(&g->ip_buckets, hash_ip(ip)); link; link = buckets_next(link)) {
		const struct grant *grant = BUCKETS_ENTRY(link, struct grant, ip_link);

		n += addr_equal(&grant->ip, ip) && !strcmp(grant->kind->door, door);
	}
	return n;
}

int
grant_prepare(struct grants *g)
{
	return buckets_init(&g->buckets) || buckets_init(&g->ip_buckets) ? -1 : 0;
}

static bool
has_key(const struct grant *grant, const void *key, uint32_t key_len)
{
	return grant->key_len == key_len && !memcmp(grant->key, key, key_len);
}

struct grant *
grant_find(const struct grants *g, uint8_t family, const char *table, const char *set, const void *key,
	   uint32_t key_len)
{
	struct bucket_link *link = buckets_first(&g->buckets, hash(family, table, set, key, key_len));

	for (; link; link = buckets_next(link)) {
		struct grant *grant = BUCKETS_ENTRY(link, struct grant, link);

		if (has_key(grant, key, key_len) && grant_is_in(grant->kind->place, family, table, set))
			return grant;
	}
	return NULL;
}

/* ---- one grant --------------------------------------------------------------------------------- */

static void
set_kind(struct grant *grant, struct kind *kind)
{
	if (grant->kind)
		grant->kind->grants--;
	grant->kind = kind;
	kind->grants++;
}

struct grant *
grant_add(struct grants *g, struct kind *kind, const struct addr *ip)
{
	struct grant *grant = calloc(1, sizeof(*grant));

	if (!grant)
		return NULL;
	g->n++;
	*grant = (struct grant){
		.older = g->newest, .serial = g->next_serial++, .ip = *ip, .since_wall_ms = moment_now().wall_ms
	};
	*(g->newest ? &g->newest->newer : &g->oldest) = grant;
	g->newest = grant;
	buckets_add(&g->ip_buckets, &grant->ip_link, hash_ip(ip));
	set_kind(grant, kind);
	return grant;
}

void
grant_drop(struct grants *g, struct grant *grant)
{
	journal_end(g->journal, grant->journal_id);
	timers_disarm(&g->timers, &grant->timer);
	unhash(g, grant);
	buckets_remove(&g->ip_buckets, &grant->ip_link);
	if (g->next_shown == grant)
		g->next_shown = grant->newer;
	*(grant->older ? &grant->older->newer : &g->oldest) = grant->newer;
	*(grant->newer ? &grant->newer->older : &g->newest) = grant->older;
	grant->kind->grants--;
	g->n--;
	free(grant);
}

/* ---- the end of what packets renew -------------------------------------------------------------- */

static struct element
twin_element(const struct grant *grant)
{
	struct element twin = grant->kind->element;

	twin.set = grant->kind->twin;
	twin.timeout_ms = grant_left(grant);
	twin.idle_ms = twin.limit_ms = 0;
	return twin;
}

static void
delete_twin(struct grants *g, const struct grant *grant)
{
	const struct element twin = twin_element(grant);
	struct nftset_op op = { .element = &twin, .ip = grant->ip };

	nftset_apply(g->nftset, &op, 1);
}

/* An earlier access may have left a twin with a later end, or with none. */
void
grant_write_end(struct grants *g, struct grant *grant)
{
	struct element twin;
	struct nftset_op op = { .add = true, .element = &twin, .ip = grant->ip, .comment = grant->kind->comment };

	if (!grant->kind->idle_ms || !grant->kind->twin)
		return;
	twin = twin_element(grant);
	nftset_apply(g->nftset, &op, 1);
	if (op.result == NFTSET_KEPT) {
		delete_twin(g, grant);
		nftset_apply(g->nftset, &op, 1);
	}
	if (!nftset_is_good(&op) && op.result != NFTSET_NO_SET)
		grant_log_misfit(g, grant, "renewed by packets", &op, NULL, 0);
}

void
grant_finish(struct grants *g, struct grant *grant, enum grants_end why)
{
	if (grant->kind->idle_ms && grant->kind->twin)
		delete_twin(g, grant);
	if (g->ended)
		g->ended(g->ended_arg, why, grant->kind->door, &grant->kind->element, &grant->ip);
	grant_drop(g, grant);
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static void
arm(struct grants *g, struct grant *grant, int64_t at)
{
	if (at == INT64_MAX)
		timers_disarm(&g->timers, &grant->timer);
	else if (timers_arm(&g->timers, &grant->timer, (uint64_t)at))
		log_warn(g->log, "%s: no memory for a deadline", grant->kind->door);
}

void
grant_set_end(struct grants *g, struct grant *grant, int64_t end_boot_ms)
{
	grant->end_boot_ms = end_boot_ms;
	if (grant->kind->idle_ms)
		arm(g, grant, earlier(end_boot_ms, moment_now().boot_ms + (int64_t)grant->kind->idle_ms));
	else
		arm(g, grant, end_boot_ms);
	grant_write_end(g, grant);
}

uint64_t
grant_left(const struct grant *grant)
{
	int64_t left = grant->end_boot_ms - moment_now().boot_ms;

	if (grant->end_boot_ms == INT64_MAX)
		return 0;
	return left > 0 ? (uint64_t)left : 1;
}

static void
set_keys(struct grants *g, struct grant_batch *b)
{
	nftset_check(g->nftset, b->ops, b->n);
	for (size_t i = 0; i < b->n; i++) {
		if (b->ops[i].result != NFTSET_OK)
			continue;
		grant_set_key(g, b->grants[i], b->ops[i].key, b->ops[i].key_len);
		b->grants[i]->kind->place->renews = grant_is_renewable(&b->ops[i]);
	}
	b->n = 0;
}

void
grant_find_keys(struct grants *g, struct grant_batch *b)
{
	for (struct grant *grant = g->oldest; grant; grant = grant->newer) {
		if (grant->key_len || !grant->kind->place->changed)
			continue;
		b->ops[b->n] = (struct nftset_op){ .element = &grant->kind->element, .ip = grant->ip };
		b->grants[b->n++] = grant;
		if (b->n == GRANT_BATCH)
			set_keys(g, b);
	}
	set_keys(g, b);
}

int
grant_look(struct grants *g, struct place *place, nftset_visit *visit, void *arg)
{
	int rc = -1;

	errno = EINTR;
	for (int i = 0; i < TRIES && rc && errno == EINTR; i++) {
		place->look = ++g->looks;
		rc = nftset_each(g->nftset, &place->set, visit, arg);
	}
	place->missing = rc && errno == ENOENT;
	return place->missing ? 0 : rc;
}

void
grant_end(struct grants *g, struct grant *grant, const struct nftset_op *op, enum grants_end why)
{
	struct moment now = moment_now();

	if (!grant->kind->idle_ms || nftset_is_good(op) || op->result == NFTSET_NO_SET) {
		grant_finish(g, grant, why);
		return;
	}
	grant->refused = true;
	grant->end_boot_ms = now.boot_ms;
	journal_move(g->journal, grant->journal_id, now);
	arm(g, grant, now.boot_ms + RETRY_MSEC);
}

/* Packets may have renewed the element for longer than it may last in all. */
static void
end_limited(struct grants *g, struct grant *grant)
{
	struct nftset_op op = { .element = &grant->kind->element, .ip = grant->ip, .own = true };

	nftset_apply(g->nftset, &op, 1);
	if (!nftset_is_good(&op) && op.result != NFTSET_NO_SET && !grant->refused)
		grant_log_misfit(g, grant, "deleted", &op, NULL, 0);
	grant_end(g, grant, &op, GRANTS_TIME);
}

/* Has the kernel ended the access, or have packets renewed it? Without its set it is put back later. */
static void
look_at_idle(struct grants *g, struct grant *grant, int64_t now)
{
	struct nftset_op op = { .element = &grant->kind->element, .ip = grant->ip };
	int64_t next = (int64_t)grant->kind->idle_ms;
	struct nftset_found found;
	int there = nftset_find(g->nftset, &op, &found);

	if (!there && grant->there) {
		grant_finish(g, grant, GRANTS_TIME);
		return;
	}
	if (there > 0 && found.left_ms <= grant->kind->idle_ms)
		next = (int64_t)found.left_ms + IDLE_SLACK_MSEC;
	arm(g, grant, earlier(grant->end_boot_ms, now + next));
}

void
grant_follow(struct grants *g, struct grant *grant, uint64_t left_ms)
{
	struct moment end = moment_after(moment_now(), (int64_t)left_ms + IDLE_SLACK_MSEC);

	journal_move(g->journal, grant->journal_id, end);
	grant_set_end(g, grant, end.boot_ms);
}

/* Its time is over, unless a rule of the admin's has renewed the element. */
static void
look_at_renewed(struct grants *g, struct grant *grant)
{
	struct nftset_op op = { .element = &grant->kind->element, .ip = grant->ip };
	struct nftset_found found;

	if (nftset_find(g->nftset, &op, &found) > 0 && grant_is_as_given(grant, &found))
		grant_follow(g, grant, found.left_ms);
	else
		grant_finish(g, grant, GRANTS_TIME);
}

void
grant_end_due(struct grants *g, uint64_t now)
{
	struct timer *timer;

	while ((timer = timers_due(&g->timers, now))) {
		struct grant *grant = (struct grant *)timer;

		if (!grant->kind->idle_ms && grant->kind->place->renews)
			look_at_renewed(g, grant);
		else if (!grant->kind->idle_ms)
			grant_finish(g, grant, GRANTS_TIME);
		else if (grant->end_boot_ms <= (int64_t)now)
			end_limited(g, grant);
		else
			look_at_idle(g, grant, (int64_t)now);
	}
}

/* Without a given_ms the grant is of an earlier run. An element that was renewed has more time left than it was given.
 */
bool
grant_is_as_given(const struct grant *grant, const struct nftset_found *found)
{
	if (strcmp(found->comment, grant->kind->comment))
		return false;
	if (grant->given_ms)
		return found->timeout_ms <= grant->given_ms;
	if (grant->kind->place->renews && grant->end_boot_ms != INT64_MAX)
		return found->timeout_ms != NFTSET_ENDLESS;
	return grant->end_boot_ms == INT64_MAX || found->left_ms <= grant_left(grant) + GRANT_SLACK_MSEC;
}

/* ---- log --------------------------------------------------------------------------------------- */

void
grant_log_misfit(const struct grants *g, const struct grant *grant, const char *done, const struct nftset_op *op,
		 char *err, size_t errlen)
{
	char text[LOG_TEXT_MAX], reason[LOG_TEXT_MAX / 2], ip[ADDR_STRLEN];

	snprintf(text, sizeof(text), "%s: %s cannot be %s: %s", grant->kind->door, addr_format(&grant->ip, ip), done,
		 nftset_explain(op, reason, sizeof(reason)));
	log_warnx(g->log, "%s", text);
	if (err && !*err)
		text_copy(err, errlen, text);
}

void
grant_log_kept(const struct grants *g, const struct grant *grant, const char *what, const struct nftset_op *op)
{
	char reason[LOG_TEXT_MAX / 2], ip[ADDR_STRLEN];

	log_notice(g->log, "%s: %s: %s: %s", addr_format(&grant->ip, ip), grant->kind->door, what,
		   nftset_explain(op, reason, sizeof(reason)));
}
