/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <stdbool.h>
#include <stdlib.h>

#include "lib/buckets.h"

struct entry {
	int number;
	bool in;
	struct bucket_link link;
};

static struct entry *
entry_of(struct bucket_link *link)
{
	return link ? BUCKETS_ENTRY(link, struct entry, link) : NULL;
}

static size_t
count(const struct buckets *buckets, uint64_t hash)
{
	size_t n = 0;

	for (struct bucket_link *link = buckets_first(buckets, hash); link; link = buckets_next(link))
		n++;
	return n;
}

static void
entries_with_one_hash(void **state)
{
	struct entry entries[3] = { { .number = 0 }, { .number = 1 }, { .number = 2 } };
	struct buckets buckets;

	(void)state;
	assert_int_equal(buckets_init(&buckets), 0);
	assert_null(entry_of(buckets_first(&buckets, 7)));
	for (int i = 0; i < 3; i++)
		buckets_add(&buckets, &entries[i].link, 7);
	assert_int_equal(count(&buckets, 7), 3);
	assert_int_equal(count(&buckets, 7 + (1 << 20)), 0);
	buckets_remove(&buckets, &entries[1].link);
	assert_int_equal(count(&buckets, 7), 2);
	assert_int_equal(entry_of(buckets_first(&buckets, 7))->number, 2);
	buckets_free(&buckets);
}

/* Each of some thousand that come and go is found when it is there, alone with its hash. */
static void
many(void **state)
{
	enum { N = 5000 };
	static struct entry all[N];
	struct buckets buckets;
	unsigned seed = 20261127;

	(void)state;
	assert_int_equal(buckets_init(&buckets), 0);
	for (int step = 0; step < 40000; step++) {
		struct entry *entry = &all[(unsigned)rand_r(&seed) % N];
		uint64_t hash = (uint64_t)(entry - all) * UINT64_C(0x9e3779b97f4a7c15);

		if (entry->in)
			buckets_remove(&buckets, &entry->link);
		else
			buckets_add(&buckets, &entry->link, hash);
		entry->in = !entry->in;
		assert_ptr_equal(entry_of(buckets_first(&buckets, hash)), entry->in ? entry : NULL);
	}
	for (int i = 0; i < N; i++)
		assert_int_equal(count(&buckets, (uint64_t)i * UINT64_C(0x9e3779b97f4a7c15)), all[i].in);
	buckets_free(&buckets);
}

/* With as many buckets as entries, however many these are, nearly each has one alone. */
static void
grows_with_each_entry(void **state)
{
	enum { N = 3000 };
	static struct entry all[N];
	struct buckets buckets;

	(void)state;
	assert_int_equal(buckets_init(&buckets), 0);
	for (int i = 0; i < N; i++) {
		size_t before = buckets.n;

		buckets_add(&buckets, &all[i].link, (uint64_t)i);
		assert_in_range(buckets.n - before, 0, 1);
	}
	assert_int_equal(buckets.n, N);
	for (size_t i = 0; i < buckets.n; i++)
		assert_true(buckets.at[i] && !buckets.at[i]->next);
	buckets_free(&buckets);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_with_one_hash),
		cmocka_unit_test(many),
		cmocka_unit_test(grows_with_each_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
