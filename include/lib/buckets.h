/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hash table of entries that have a link in them and that their owner keeps. With each entry it gets one bucket more
 * (linear hashing, Litwin 1980), so that no call takes long, however many entries there are.
 */
#ifndef KNOCKD_BUCKETS_H
#define KNOCKD_BUCKETS_H

#include <stddef.h>
#include <stdint.h>

struct bucket_link {
	struct bucket_link *next;
	uint32_t hash;
};

struct buckets {
	struct bucket_link **at;
	size_t n, size; /* buckets in use, and those that there is memory for */
	size_t mask;    /* a power of two less one, not below n - 1 and below 2 n */
	size_t n_entries;
};

/* The entry of type `type` whose member `member` this link is; not of NULL. */
#define BUCKETS_ENTRY(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

/* 0, or -1 with errno. */
int buckets_init(struct buckets *buckets);
void buckets_free(struct buckets *buckets); /* zeroed is legal; not the entries */

/* Without memory the table stays small and gets slower. */
void buckets_add(struct buckets *buckets, struct bucket_link *link, uint64_t hash);
void buckets_remove(struct buckets *buckets, struct bucket_link *link);

/* The entries with this hash, in no order; NULL: there are no more. */
struct bucket_link *buckets_first(const struct buckets *buckets, uint64_t hash);
struct bucket_link *buckets_next(const struct bucket_link *link);

#endif
