/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A struct kind holds the door and the element's text, which many grants share. A grant holds the client's address, the
 * key in the kernel's set, and the end. It is in a list by age, in a heap by end, and in a hash table by set and key,
 * because the kernel's events name these.
 */
#include "access/grants.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/moment.h"
#include "lib/siphash.h"
#include "lib/text.h"
#include "lib/timers.h"
#include "netlink/nfnl.h"

/* Operations per call of nftset_apply(). */
#define BATCH 1024

/* Delay before the next try when the kernel was out of memory or the like. */
#define RETRY_MSEC 1000

struct kind {
	struct kind *next;
	char *door;
	char *text;    /* of the element */
	uint64_t hash; /* of `text` */
	struct element element;
	unsigned bits; /* of an address that its key has; see element_prefix() */
	unsigned grants;
	bool foreign; /* its elements are never written; see grants_take_up() */
	bool missing; /* its elements may have been removed and must be put back */
};

struct grant {
	struct timer timer; /* must be first: timers_due() returns it */
	struct kind *kind;
	struct grant *older, *newer;
	struct grant *chain, *ip_chain;
	uint64_t serial; /* increases along the list by age, for grants_each() */
	uint64_t journal_id;
	struct addr ip;
	int64_t since_wall_ms;
	int64_t end_boot_ms; /* INT64_MAX: none */
	uint32_t key_len;    /* 0: not known yet, and not in the hash table */
	uint8_t key[NFTKEY_LEN_MAX];
};

struct grants {
	const struct log *log;
	struct nftset *nftset;
	struct journal *journal;
	struct timers timers;
	struct kind *kinds;
	struct grant *oldest, *newest;
	struct grant **buckets;    /* by set and key */
	struct grant **ip_buckets; /* by address */
	size_t n, n_buckets;       /* of both: a power of two */
	uint64_t next_serial;
	struct grant *next_shown; /* where the next grants_each() probably continues, or NULL */
	uint64_t retry_at;        /* when grants_tick() restores again; UINT64_MAX: never */
};

/* ---- kinds ------------------------------------------------------------------------------------- */

static bool
same_set(const struct element *element, uint8_t family, const char *table, const char *set)
{
	return element->family == family && !strcmp(element->table, table) && (!set || !strcmp(element->set, set));
}

/* no secret is needed against collisions: only the admin and clients that know a sequence choose the hashed data */
static const uint8_t no_secret[16];

static void
free_kind(struct kind *kind)
{
	element_free(&kind->element);
	free(kind->door);
	free(kind->text);
	free(kind);
}

/* Compares texts, because the configuration that the element came from may be freed. */
static struct kind *
find_kind(struct grants *g, const char *door, const char *text)
{
	uint64_t hash = siphash(no_secret, text, strlen(text));

	for (struct kind *kind = g->kinds; kind; kind = kind->next)
		if (kind->hash == hash && !strcmp(kind->text, text) && !strcmp(kind->door, door))
			return kind;
	return NULL;
}

static struct kind *
add_kind(struct grants *g, const char *door, const char *text)
{
	struct kind *kind = calloc(1, sizeof(*kind));
	char err[160];

	if (!kind)
		return NULL;
	kind->door = strdup(door);
	kind->text = strdup(text);
	kind->hash = siphash(no_secret, text, strlen(text));
	if (!kind->door || !kind->text || element_parse(&kind->element, text, err, sizeof(err))) {
		free_kind(kind);
		return NULL;
	}
	kind->bits = element_prefix(&kind->element) < 0 ? 0 : (unsigned)element_prefix(&kind->element);
	kind->next = g->kinds;
	g->kinds = kind;
	return kind;
}

static struct kind *
get_kind(struct grants *g, const char *door, const char *text)
{
	struct kind *kind = find_kind(g, door, text);

	return kind ? kind : add_kind(g, door, text);
}

/* Kinds without grants are freed here, off the path of a knock. */
static void
sweep_kinds(struct grants *g)
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
}

/* ---- the hash table ---------------------------------------------------------------------------- */

static uint64_t
hash(uint8_t family, const char *table, const char *set, const void *key, uint32_t key_len)
{
	return siphash(no_secret, key, key_len) ^ siphash(no_secret, table, strlen(table)) ^
	       siphash(no_secret, set, strlen(set)) * 3 ^ family;
}

static struct grant **
bucket_of(const struct grants *g, const struct element *e, const void *key, uint32_t key_len)
{
	return &g->buckets[hash(e->family, e->table, e->set, key, key_len) & (g->n_buckets - 1)];
}

static void
unhash(struct grants *g, struct grant *grant)
{
	struct grant **link;

	if (!grant->key_len)
		return;
	link = bucket_of(g, &grant->kind->element, grant->key, grant->key_len);
	while (*link != grant)
		link = &(*link)->chain;
	*link = grant->chain;
	grant->key_len = 0;
}

static void
rehash(struct grants *g, struct grant *grant, const void *key, uint32_t key_len)
{
	struct grant **bucket;

	unhash(g, grant);
	memcpy(grant->key, key, key_len);
	grant->key_len = key_len;
	bucket = bucket_of(g, &grant->kind->element, key, key_len);
	grant->chain = *bucket;
	*bucket = grant;
}

static struct grant **
ip_bucket_of(const struct grants *g, const struct addr *ip)
{
	return &g->ip_buckets[siphash(no_secret, ip->bytes, sizeof(ip->bytes)) & (g->n_buckets - 1)];
}

static void
hash_ip(struct grants *g, struct grant *grant)
{
	struct grant **bucket = ip_bucket_of(g, &grant->ip);

	grant->ip_chain = *bucket;
	*bucket = grant;
}

static void
unhash_ip(struct grants *g, const struct grant *grant)
{
	struct grant **link = ip_bucket_of(g, &grant->ip);

	while (*link != grant)
		link = &(*link)->ip_chain;
	*link = grant->ip_chain;
}

/* Without memory the tables stay small and get slower. */
static void
grow(struct grants *g)
{
	size_t n = g->n_buckets ? g->n_buckets * 2 : 1024;
	struct grant **buckets;

	if (g->n < g->n_buckets)
		return;
	buckets = calloc(2 * n, sizeof(*buckets));
	if (!buckets)
		return;
	free(g->buckets);
	g->buckets = buckets;
	g->ip_buckets = buckets + n;
	g->n_buckets = n;
	for (struct grant *grant = g->oldest; grant; grant = grant->newer) {
		hash_ip(g, grant);
		if (grant->key_len) {
			struct grant **bucket = bucket_of(g, &grant->kind->element, grant->key, grant->key_len);

			grant->chain = *bucket;
			*bucket = grant;
		}
	}
}

static struct grant *
find(const struct grants *g, uint8_t family, const char *table, const char *set, const void *key, uint32_t key_len)
{
	struct grant *grant = g->buckets[hash(family, table, set, key, key_len) & (g->n_buckets - 1)];

	while (grant && (grant->key_len != key_len || memcmp(grant->key, key, key_len) ||
			 !same_set(&grant->kind->element, family, table, set)))
		grant = grant->chain;
	return grant;
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

static struct grant *
add(struct grants *g, struct kind *kind, const struct addr *ip)
{
	struct grant *grant = calloc(1, sizeof(*grant));

	if (!grant)
		return NULL;
	g->n++;
	grow(g);
	*grant = (struct grant){
		.older = g->newest, .serial = g->next_serial++, .ip = *ip, .since_wall_ms = moment_now().wall_ms
	};
	*(g->newest ? &g->newest->newer : &g->oldest) = grant;
	g->newest = grant;
	hash_ip(g, grant);
	set_kind(grant, kind);
	return grant;
}

/* Forgets the grant, here and in the journal. */
static void
drop(struct grants *g, struct grant *grant)
{
	journal_end(g->journal, grant->journal_id);
	timers_disarm(&g->timers, &grant->timer);
	unhash(g, grant);
	unhash_ip(g, grant);
	if (g->next_shown == grant)
		g->next_shown = grant->newer;
	*(grant->older ? &grant->older->newer : &g->oldest) = grant->newer;
	*(grant->newer ? &grant->newer->older : &g->newest) = grant->older;
	grant->kind->grants--;
	g->n--;
	free(grant);
}

static void
set_end(struct grants *g, struct grant *grant, int64_t end_boot_ms)
{
	grant->end_boot_ms = end_boot_ms;
	if (end_boot_ms == INT64_MAX)
		timers_disarm(&g->timers, &grant->timer);
	else if (timers_arm(&g->timers, &grant->timer, (uint64_t)end_boot_ms))
		log_warn(g->log, "%s: no memory for a deadline", grant->kind->door);
}

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
				       .since_wall_ms = grant->since_wall_ms,
				       .end = *end };

	grant->journal_id = journal_add(g->journal, &entry);
}

void
grants_given(struct grants *g, const char *door, const struct nftset_op *op)
{
	const struct element *e = op->element;
	struct grant *grant = find(g, e->family, e->table, e->set, op->key, op->key_len);
	struct moment end = end_of(op->lifetime_ms);
	char text[ELEMENT_TEXT_MAX];
	struct kind *kind = get_kind(g, door, element_text(e, text, sizeof(text)));

	if (kind)
		kind->foreign = false;
	if (kind && grant && grant->kind == kind) {
		journal_move(g->journal, grant->journal_id, end);
	} else if (kind) {
		if (grant)
			drop(g, grant); /* another door gave the same element before: `door` takes it over */
		grant = add(g, kind, &op->ip);
		if (grant) {
			rehash(g, grant, op->key, op->key_len);
			begin(g, grant, &end);
		}
	}
	if (kind && grant)
		set_end(g, grant, op->lifetime_ms ? end.boot_ms : INT64_MAX);
	else
		log_warn(g->log, "%s: no memory to remember a grant; it is not put back after a flush", door);
}

void
grants_taken(struct grants *g, const struct nftset_op *op)
{
	const struct element *e = op->element;
	struct grant *grant = find(g, e->family, e->table, e->set, op->key, op->key_len);

	if (grant)
		drop(g, grant);
}

/* ---- changes by other programs ----------------------------------------------------------------- */

static void
ended_by_hand(struct grants *g, const struct monitor_event *event)
{
	struct grant *grant = find(g, event->family, event->table, event->set, event->key, event->key_len);
	char ip[ADDR_STRLEN];

	if (!grant)
		return;
	log_notice(g->log, "%s: %s: element deleted from %s %s %s", addr_format(&grant->ip, ip), grant->kind->door,
		   element_family_name(event->family), event->table, event->set);
	drop(g, grant);
}

static void
mark_missing(struct grants *g, const struct monitor_event *event)
{
	for (struct kind *kind = g->kinds; kind; kind = kind->next)
		if (!kind->foreign &&
		    (event->kind == MONITOR_LOST || same_set(&kind->element, event->family, event->table, event->set)))
			kind->missing = true;
}

void
grants_noticed(struct grants *g, const struct monitor_event *event)
{
	switch (event->kind) {
	case MONITOR_ELEMENT_GONE:
		ended_by_hand(g, event);
		break;
	case MONITOR_TABLE_GONE:
	case MONITOR_SET_CHANGED:
	case MONITOR_LOST:
		mark_missing(g, event);
		break;
	case MONITOR_TABLE_NEW:
	case MONITOR_RULES_GONE:
		break;
	}
}

/* ---- putting back ------------------------------------------------------------------------------ */

struct batch {
	struct nftset_op ops[BATCH];
	struct grant *grants[BATCH];
	size_t n;
};

struct restoring {
	struct batch batch;
	size_t restored, failed;
	int error; /* errno: netlink failed, and the rest is not tried */
};

/* `err`: for knockctl, gets the first of several lines; or NULL. */
static void
log_misfit(const struct grants *g, const struct grant *grant, const char *done, const struct nftset_op *op, char *err,
	   size_t errlen)
{
	char text[LOG_TEXT_MAX], reason[LOG_TEXT_MAX / 2], ip[ADDR_STRLEN];

	snprintf(text, sizeof(text), "%s: %s cannot be %s: %s", grant->kind->door, addr_format(&grant->ip, ip), done,
		 nftset_explain(op, reason, sizeof(reason)));
	log_warnx(g->log, "%s", text);
	if (err && !*err)
		text_copy(err, errlen, text);
}

static void
fail(struct restoring *r, struct grant *grant, int error)
{
	grant->kind->missing = true;
	r->error = error;
	r->failed++;
}

/* A missing set is no error: if it appears, the monitor reports it. */
static void
take_result(struct grants *g, struct restoring *r, struct grant *grant, const struct nftset_op *op)
{
	if (op->result == NFTSET_OK) {
		rehash(g, grant, op->key, op->key_len);
		r->restored++;
	} else if (op->result == NFTSET_ERROR && nfnl_is_passing(op->error)) {
		fail(r, grant, op->error);
	} else if (op->result != NFTSET_NO_SET) {
		log_misfit(g, grant, "put back", op, NULL, 0);
	}
}

static void
finish_batch(struct grants *g, struct restoring *r)
{
	struct batch *b = &r->batch;
	int error = r->error;

	if (!error && b->n && nftset_apply(g->nftset, b->ops, b->n) < 0)
		error = errno;
	for (size_t i = 0; i < b->n; i++) {
		if (error)
			fail(r, b->grants[i], error);
		else
			take_result(g, r, b->grants[i], &b->ops[i]);
	}
	b->n = 0;
}

/* At least 1 ms, the kernel's minimum: the next tick forgets a grant that has just expired. */
static uint64_t
time_left(const struct grant *grant)
{
	int64_t left = grant->end_boot_ms - moment_now().boot_ms;

	if (grant->end_boot_ms == INT64_MAX)
		return 0;
	return left > 0 ? (uint64_t)left : 1;
}

static void
add_to_batch(struct grants *g, struct restoring *r, struct grant *grant)
{
	struct batch *b = &r->batch;

	b->ops[b->n] = (struct nftset_op){ .add = true,
					   .element = &grant->kind->element,
					   .ip = grant->ip,
					   .comment = grant->kind->door,
					   .timeout_ms = time_left(grant) };
	b->grants[b->n++] = grant;
	if (b->n == BATCH)
		finish_batch(g, r);
}

/* Moves the marks into `marked`, because finish_batch() marks again the kinds that are still missing. */
static size_t
unmark(struct grants *g, struct kind **marked, size_t max)
{
	size_t n = 0;

	for (struct kind *kind = g->kinds; kind && n < max; kind = kind->next) {
		if (kind->missing && kind->grants)
			marked[n++] = kind;
		kind->missing = false;
	}
	return n;
}

static bool
is_among(struct kind *const *kinds, size_t n, const struct kind *kind)
{
	for (size_t i = 0; i < n; i++)
		if (kinds[i] == kind)
			return true;
	return false;
}

static size_t
count_marked(const struct grants *g)
{
	size_t n = 0;

	for (const struct kind *kind = g->kinds; kind; kind = kind->next)
		n += kind->missing && kind->grants;
	return n;
}

/* Logs only the first failure of a series. */
static void
try_later(struct grants *g, size_t failed, int error)
{
	errno = error;
	if (failed && g->retry_at == UINT64_MAX)
		log_warn(g->log, "could not put back %zu elements, trying again", failed);
	g->retry_at = failed ? moment_boot_msec() + RETRY_MSEC : UINT64_MAX;
}

static void
restore_marked(struct grants *g, struct restoring *r, struct kind *const *marked, size_t n)
{
	for (struct grant *grant = g->oldest; grant; grant = grant->newer)
		if (is_among(marked, n, grant->kind))
			add_to_batch(g, r, grant);
	finish_batch(g, r);
	if (r->restored)
		log_notice(g->log, "%zu elements put back", r->restored);
	try_later(g, r->failed, r->error);
}

void
grants_restore(struct grants *g)
{
	size_t n = count_marked(g);
	struct kind **marked = n ? calloc(n, sizeof(*marked)) : NULL;
	struct restoring *r = n ? calloc(1, sizeof(*r)) : NULL;

	if (marked && r)
		restore_marked(g, r, marked, unmark(g, marked, n));
	else
		try_later(g, n ? g->n : 0, ENOMEM);
	sweep_kinds(g);
	free(marked);
	free(r);
}

void
grants_take_up(struct grants *g, const char *door, const struct journal_entry *entry, bool foreign)
{
	struct kind *kind = get_kind(g, door, entry->text);
	struct grant *grant = kind ? add(g, kind, &entry->ip) : NULL;
	bool endless = entry->end.boot_ms - moment_now().boot_ms > MOMENT_MAX_MSEC / 2;

	if (!grant) {
		log_warnx(g->log, "%s: could not restore an element from the journal: %s", door, entry->text);
		return;
	}
	grant->journal_id = entry->id;
	grant->since_wall_ms = entry->since_wall_ms;
	set_end(g, grant, endless ? INT64_MAX : entry->end.boot_ms);
	kind->foreign = foreign;
	kind->missing = !foreign;
}

/* ---- timers and knockctl ----------------------------------------------------------------------- */

void
grants_tick(struct grants *g, uint64_t now)
{
	struct timer *timer;

	while ((timer = timers_due(&g->timers, now)))
		drop(g, (struct grant *)timer);
	if (g->retry_at <= now)
		grants_restore(g);
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
	size_t n = 0;

	for (const struct grant *grant = *ip_bucket_of(g, ip); grant; grant = grant->ip_chain)
		n += addr_equal(&grant->ip, ip) && !strcmp(grant->kind->door, door);
	return n;
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
		struct grant_view view = { grant->kind->door, &grant->ip, &grant->kind->element, grant->since_wall_ms,
					   grant->end_boot_ms };

		from = grant->serial;
		more = visit(arg, &view);
	}
	g->next_shown = grant;
	return grant || !more ? from : 0;
}

static bool
is_meant(const struct grant *grant, const struct addr *ip, const char *door)
{
	return (!ip || addr_equal(&grant->ip, ip)) && (!door || !strcmp(grant->kind->door, door));
}

/* Returns how many were deleted, and empties the batch. */
static size_t
revoke_batch(struct grants *g, struct batch *b, char *err, size_t errlen)
{
	size_t n = 0;

	nftset_apply(g->nftset, b->ops, b->n);
	for (size_t i = 0; i < b->n; i++) {
		if (b->ops[i].result != NFTSET_OK && b->ops[i].result != NFTSET_ABSENT) {
			log_misfit(g, b->grants[i], "deleted", &b->ops[i], err, errlen);
			continue;
		}
		drop(g, b->grants[i]);
		n++;
	}
	b->n = 0;
	return n;
}

size_t
grants_revoke(struct grants *g, const struct addr *ip, const char *door, char *err, size_t errlen)
{
	struct batch *b = calloc(1, sizeof(*b));
	struct grant *grant, *newer;
	size_t n = 0;

	*err = '\0';
	if (!b) {
		log_warn(g->log, "could not delete elements");
		snprintf(err, errlen, "%s", strerror(ENOMEM));
	}
	for (grant = b ? g->oldest : NULL; grant; grant = newer) {
		newer = grant->newer; /* a full batch frees this grant and older ones */
		if (!is_meant(grant, ip, door))
			continue;
		b->ops[b->n] = (struct nftset_op){ .element = &grant->kind->element, .ip = grant->ip };
		b->grants[b->n++] = grant;
		if (b->n == BATCH)
			n += revoke_batch(g, b, err, errlen);
	}
	if (b)
		n += revoke_batch(g, b, err, errlen);
	free(b);
	return n;
}

/* An end in the past ends the grant within 1 ms. */
static bool
extend(struct grants *g, struct grant *grant, int64_t by_ms, char *err, size_t errlen)
{
	int64_t left = grant->end_boot_ms - moment_now().boot_ms + by_ms;
	struct nftset_op op = { .add = true,
				.element = &grant->kind->element,
				.ip = grant->ip,
				.comment = grant->kind->door,
				.timeout_ms = left > 0 ? (uint64_t)left : 1 };
	struct moment end;

	if (grant->end_boot_ms == INT64_MAX || grant->kind->foreign)
		return false;
	if (nftset_apply(g->nftset, &op, 1)) {
		log_misfit(g, grant, "extended", &op, err, errlen);
		return false;
	}
	end = end_of(op.timeout_ms);
	journal_move(g->journal, grant->journal_id, end);
	set_end(g, grant, end.boot_ms);
	return true;
}

size_t
grants_extend(struct grants *g, const struct addr *ip, const char *door, int64_t by_ms, char *err, size_t errlen)
{
	size_t n = 0;

	*err = '\0';
	for (struct grant *grant = g->oldest; grant; grant = grant->newer)
		n += is_meant(grant, ip, door) && extend(g, grant, by_ms, err, errlen);
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
	grow(g);
	if (!g->buckets) {
		free(g);
		errno = ENOMEM;
		return NULL;
	}
	return g;
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
	g->journal = NULL; /* its entries stay for the next start */
	while (g->oldest)
		drop(g, g->oldest);
	sweep_kinds(g);
	timers_free(&g->timers);
	free(g->buckets);
	free(g);
}
