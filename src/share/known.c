/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "share/known.h"

#include <stdlib.h>
#include <string.h>

#include "lib/siphash.h"

#define BUCKETS_MIN 256

/* No secret against collisions: only gateways of the group choose what is hashed. */
static const uint8_t no_secret[16];

static size_t
bucket_of(const struct known *k, const uint8_t door[static NOTICE_ID_LEN], const struct addr *ip)
{
	uint8_t both[NOTICE_ID_LEN + sizeof(ip->bytes)];

	memcpy(both, door, NOTICE_ID_LEN);
	memcpy(both + NOTICE_ID_LEN, ip->bytes, sizeof(ip->bytes));
	return siphash(no_secret, both, sizeof(both)) & (k->n_buckets - 1);
}

static bool
is_of(const struct known_access *a, const uint8_t door[static NOTICE_ID_LEN], const struct addr *ip)
{
	return addr_equal(&a->notice.ip, ip) && !memcmp(a->notice.door, door, NOTICE_ID_LEN);
}

static struct known_access *
first_of(struct known_access *a, const uint8_t door[static NOTICE_ID_LEN], const struct addr *ip)
{
	while (a && !is_of(a, door, ip))
		a = a->chain;
	return a;
}

struct known_access *
known_of(const struct known *k, const uint8_t door[static NOTICE_ID_LEN], const struct addr *ip)
{
	return first_of(k->buckets[bucket_of(k, door, ip)], door, ip);
}

struct known_access *
known_after(const struct known_access *a)
{
	return first_of(a->chain, a->notice.door, &a->notice.ip);
}

struct known_access *
known_find(const struct known *k, const struct notice *n)
{
	struct known_access *a = known_of(k, n->door, &n->ip);

	while (a && (a->notice.port != n->port || a->notice.proto != n->proto))
		a = known_after(a);
	return a;
}

static void
hash_in(struct known *k, struct known_access *a)
{
	struct known_access **bucket = &k->buckets[bucket_of(k, a->notice.door, &a->notice.ip)];

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
	struct known_access **link = &k->buckets[bucket_of(k, a->notice.door, &a->notice.ip)];

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
