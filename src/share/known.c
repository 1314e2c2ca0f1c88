/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "share/known.h"

#include <stdlib.h>
#include <string.h>

#include "lib/siphash.h"

/* No secret against collisions: only gateways of the group choose what is hashed. */
static const uint8_t no_secret[16];

/* What a notice is about; of an access, its ports share a bucket. */
struct subject {
	uint8_t door[NOTICE_ID_LEN];
	uint8_t ip[16];
	uint8_t key[NOTICE_ID_LEN];
	uint8_t once[NOTICE_ONCE];
	uint64_t reset;
};

static struct subject
subject_of(const struct notice *n)
{
	struct subject s = { .door = { 0 } };

	memcpy(s.door, n->door, sizeof(s.door));
	memcpy(s.ip, n->ip.bytes, sizeof(s.ip));
	if (n->kind == NOTICE_COUNTER || n->kind == NOTICE_RESET)
		memcpy(s.key, n->key, sizeof(s.key));
	if (n->kind == NOTICE_COUNTER)
		s.reset = n->reset;
	if (n->kind == NOTICE_ONCE_USED)
		memcpy(s.once, n->once, sizeof(s.once));
	return s;
}

static uint64_t
hash_of(const struct notice *n)
{
	struct subject s = subject_of(n);

	return siphash(no_secret, &s, sizeof(s));
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
access_of(struct bucket_link *link)
{
	return link ? BUCKETS_ENTRY(link, struct known_access, link) : NULL;
}

static struct known_access *
first_about(struct bucket_link *link, const struct notice *n)
{
	while (link && !is_about(access_of(link), n))
		link = buckets_next(link);
	return access_of(link);
}

struct known_access *
known_of(const struct known *k, const uint8_t door[static NOTICE_ID_LEN], const struct addr *ip)
{
	struct notice n = { .kind = NOTICE_GRANT, .ip = *ip };

	memcpy(n.door, door, sizeof(n.door));
	return first_about(buckets_first(&k->buckets, hash_of(&n)), &n);
}

struct known_access *
known_after(const struct known_access *a)
{
	return first_about(buckets_next(&a->link), &a->notice);
}

struct known_access *
known_find(const struct known *k, const struct notice *n)
{
	struct known_access *a = first_about(buckets_first(&k->buckets, hash_of(n)), n);

	while (a && (a->notice.port != n->port || a->notice.proto != n->proto))
		a = known_after(a);
	return a;
}

int
known_init(struct known *k, size_t max)
{
	*k = (struct known){ .max = max };
	return buckets_init(&k->buckets);
}

void
known_drop(struct known *k, struct known_access *a)
{
	buckets_remove(&k->buckets, &a->link);
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
		known_drop(k, k->oldest);
	timers_free(&k->timers);
	buckets_free(&k->buckets);
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
	buckets_add(&k->buckets, &a->link, hash_of(n));
	k->n++;
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
		known_drop(k, a);
		return NULL;
	}
	return a;
}

/* Without memory for its timer it stays until its next news. */
void
known_hold(struct known *k, struct known_access *a, uint64_t until)
{
	timers_arm(&k->timers, &a->timer, until);
}

struct known_access *
known_due(struct known *k, uint64_t now)
{
	return (struct known_access *)timers_due(&k->timers, now);
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
