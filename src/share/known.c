/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "share/known.h"

#include <stdlib.h>
#include <string.h>

#include "lib/siphash.h"

#define BUCKETS_MIN 256

/* No secret against collisions: only gateways of the group choose what is hashed. */
static const uint8_t no_secret[16];

/* What a notice is about; of an access, its ports share a bucket. */
struct subject {
	uint8_t door[NOTICE_ID_LEN];
	uint8_t ip[16];
	uint8_t key[NOTICE_ID_LEN];
	uint8_t once[NOTICE_ONCE];
};

static struct subject
subject_of(const struct notice *n)
{
	struct subject s = { .door = { 0 } };

	memcpy(s.door, n->door, sizeof(s.door));
	memcpy(s.ip, n->ip.bytes, sizeof(s.ip));
	if (n->kind == NOTICE_COUNTER)
		memcpy(s.key, n->key, sizeof(s.key));
	if (n->kind == NOTICE_ONCE_USED)
		memcpy(s.once, n->once, sizeof(s.once));
	return s;
}

static size_t
bucket_of(const struct known *k, const struct notice *n)
{
	struct subject s = subject_of(n);

	return siphash(no_secret, &s, sizeof(s)) & (k->n_buckets - 1);
}

/* A revoke is about an access, too. */
static enum notice_kind
class_of(const struct notice *n)
{
	return n->kind == NOTICE_REVOKE ? NOTICE_GRANT : n->kind;
}

static bool
is_about(const struct known_access *a, const struct notice *n)
{
	struct subject one = subject_of(&a->notice), two = subject_of(n);

	return class_of(&a->notice) == class_of(n) && a->notice.ip.family == n->ip.family &&
	       !memcmp(&one, &two, sizeof(one));
}

static struct known_access *
first_about(struct known_access *a, const struct notice *n)
{
	while (a && !is_about(a, n))
		a = a->chain;
	return a;
}

struct known_access *
known_of(const struct known *k, const uint8_t door[static NOTICE_ID_LEN], const struct addr *ip)
{
	struct notice n = { .kind = NOTICE_GRANT, .ip = *ip };

	memcpy(n.door, door, sizeof(n.door));
	return first_about(k->buckets[bucket_of(k, &n)], &n);
}

struct known_access *
known_after(const struct known_access *a)
{
	return first_about(a->chain, &a->notice);
}

struct known_access *
known_find(const struct known *k, const struct notice *n)
{
	struct known_access *a = first_about(k->buckets[bucket_of(k, n)], n);

	while (a && (a->notice.port != n->port || a->notice.proto != n->proto))
		a = known_after(a);
	return a;
}

static void
hash_in(struct known *k, struct known_access *a)
{
	struct known_access **bucket = &k->buckets[bucket_of(k, &a->notice)];

	a->chain = *bucket;
	*bucket = a;
}

/* Without memory the table stays small and gets slower. */
static void
grow(struct known *k)
{
	size_t n = k->n_buckets ? 2 * k->n_buckets : BUCKETS_MIN;
	struct known_access **buckets;

	if (k->n < k->n_buckets)
		return;
	buckets = calloc(n, sizeof(*buckets));
	if (!buckets)
		return;
	free(k->buckets);
	k->buckets = buckets;
	k->n_buckets = n;
	for (struct known_access *a = k->oldest; a; a = a->newer)
		hash_in(k, a);
}

int
known_init(struct known *k, size_t max)
{
	*k = (struct known){ .max = max };
	grow(k);
	return k->buckets ? 0 : -1;
}

static void
drop(struct known *k, struct known_access *a)
{
	struct known_access **link = &k->buckets[bucket_of(k, &a->notice)];

	while (*link != a)
		link = &(*link)->chain;
	*link = a->chain;
	if (k->next == a)
		k->next = a->newer;
	*(a->older ? &a->older->newer : &k->oldest) = a->newer;
	*(a->newer ? &a->newer->older : &k->newest) = a->older;
	timers_disarm(&k->timers, &a->timer);
	k->n--;
	free(a);
}

void
known_free(struct known *k)
{
	while (k->oldest)
		drop(k, k->oldest);
	timers_free(&k->timers);
	free(k->buckets);
	*k = (struct known){ .n = 0 };
}

static struct known_access *
add(struct known *k, const struct notice *n)
{
	struct known_access *a = k->n < k->max ? calloc(1, sizeof(*a)) : NULL;

	if (!a)
		return NULL;
	a->notice = *n;
	a->older = k->newest;
	*(k->newest ? &k->newest->newer : &k->oldest) = a;
	k->newest = a;
	hash_in(k, a);
	k->n++;
	grow(k);
	return a;
}

struct known_access *
known_put(struct known *k, const struct notice *n, uint64_t end)
{
	struct known_access *a = known_find(k, n);

	if (!a)
		a = add(k, n);
	if (!a)
		return NULL;
	a->notice = *n;
	a->end = end;
	a->applied = false;
	if (end == UINT64_MAX) {
		timers_disarm(&k->timers, &a->timer);
	} else if (timers_arm(&k->timers, &a->timer, end)) {
		drop(k, a);
		return NULL;
	}
	return a;
}

void
known_tick(struct known *k, uint64_t now)
{
	struct timer *timer;

	while ((timer = timers_due(&k->timers, now)))
		drop(k, (struct known_access *)timer);
}

uint64_t
known_next(const struct known *k)
{
	return timers_next(&k->timers);
}

void
known_begin(struct known *k)
{
	k->next = k->oldest;
}

struct known_access *
known_each(struct known *k)
{
	struct known_access *a = k->next;

	if (a)
		k->next = a->newer;
	return a;
}
