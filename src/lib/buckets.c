/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/buckets.h"

#include <stdlib.h>

#define BUCKETS_MIN 256 /* a power of two */

int
buckets_init(struct buckets *b)
{
	*b = (struct buckets){ .at = calloc(BUCKETS_MIN, sizeof(*b->at)),
			       .n = BUCKETS_MIN,
			       .size = BUCKETS_MIN,
			       .mask = BUCKETS_MIN - 1 };
	return b->at ? 0 : -1;
}

void
buckets_free(struct buckets *b)
{
	free(b->at);
	*b = (struct buckets){ .n = 0 };
}

/* Entries of a bucket that is not there yet are in the one whose number lacks the highest bit. */
static struct bucket_link **
bucket_of(const struct buckets *b, uint32_t hash)
{
	size_t i = hash & b->mask;

	return &b->at[i < b->n ? i : i & b->mask >> 1];
}

static int
make_room(struct buckets *b)
{
	struct bucket_link **at;

	if (b->n < b->size)
		return 0;
	at = reallocarray(b->at, 2 * b->size, sizeof(*at));
	if (!at)
		return -1;
	b->at = at;
	b->size *= 2;
	return 0;
}

/* One bucket more gets its entries from the one that it was part of. */
static void
grow(struct buckets *b)
{
	struct bucket_link **link, **to, *moved;

	if (make_room(b))
		return;
	if (b->n > b->mask)
		b->mask = 2 * b->mask + 1;
	link = &b->at[b->n & b->mask >> 1];
	to = &b->at[b->n++];
	*to = NULL;
	while ((moved = *link)) {
		if (bucket_of(b, moved->hash) != to) {
			link = &moved->next;
			continue;
		}
		*link = moved->next;
		moved->next = *to;
		*to = moved;
	}
}

void
buckets_add(struct buckets *b, struct bucket_link *link, uint64_t hash)
{
	struct bucket_link **bucket;

	if (++b->n_entries > b->n)
		grow(b);
	link->hash = (uint32_t)hash;
	bucket = bucket_of(b, link->hash);
	link->next = *bucket;
	*bucket = link;
}

void
buckets_remove(struct buckets *b, struct bucket_link *link)
{
	struct bucket_link **at = bucket_of(b, link->hash);

	while (*at != link)
		at = &(*at)->next;
	*at = link->next;
	b->n_entries--;
}

static struct bucket_link *
with_hash(struct bucket_link *link, uint32_t hash)
{
	while (link && link->hash != hash)
		link = link->next;
	return link;
}

struct bucket_link *
buckets_first(const struct buckets *b, uint64_t hash)
{
	return with_hash(*bucket_of(b, (uint32_t)hash), (uint32_t)hash);
}

struct bucket_link *
buckets_next(const struct bucket_link *link)
{
	return with_hash(link->next, link->hash);
}
