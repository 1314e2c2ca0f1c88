/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The index must agree with a list that is searched from its start. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "engine/index.h"

#define MAX 1000

struct model {
	struct index ix;
	uint64_t hashes[MAX + 1]; /* by number */
	bool in[MAX + 1];
	uint32_t max;
};

static void
set_up(struct model *m, uint32_t max)
{
	*m = (struct model){ .max = max };
	assert_int_equal(index_init(&m->ix, max), 0);
}

/* A search by a hash finds each of its numbers once, and none of another home. */
static void
agrees(const struct model *m)
{
	for (uint32_t number = 1; number <= m->max; number++) {
		unsigned distance = 0, times = 0;
		uint32_t found;

		while ((found = index_next(&m->ix, m->hashes[number], &distance))) {
			times += found == number;
			assert_true(m->in[found]);
			assert_true((m->hashes[found] >> 32) * 2 * m->max >> 32 ==
				    (m->hashes[number] >> 32) * 2 * m->max >> 32);
			assert_int_equal(m->hashes[found] & 7, m->hashes[number] & 7);
		}
		assert_int_equal(times, m->in[number]);
	}
}

static void
is_empty(const struct model *m)
{
	for (uint32_t i = 0; i < m->ix.homes + INDEX_DISTANCE_MAX + 1; i++)
		assert_int_equal(m->ix.slots[i], 0);
}

static uint64_t
any_hash(void)
{
	return (uint64_t)mrand48() << 32 ^ (uint64_t)mrand48();
}

static void
put(struct model *m, uint32_t number, uint64_t hash)
{
	m->hashes[number] = hash;
	m->in[number] = index_insert(&m->ix, hash, number);
}

static void
take(struct model *m, uint32_t number)
{
	assert_true(index_remove(&m->ix, m->hashes[number], number));
	m->in[number] = false;
}

/* Hashes of few homes make clusters, refusals, and probes at the end of the table. */
static void
any_order_of_operations(struct model *m, uint64_t mask, uint64_t bits, unsigned steps)
{
	for (unsigned step = 0; step < steps; step++) {
		uint32_t number = 1 + (uint32_t)lrand48() % m->max;

		if (m->in[number])
			take(m, number);
		else
			put(m, number, (any_hash() & mask) | bits);
		if (step % 64 == 0)
			agrees(m);
	}
	agrees(m);
	for (uint32_t number = 1; number <= m->max; number++)
		if (m->in[number])
			take(m, number);
	is_empty(m);
}

static void
finds_what_a_list_finds(void **state)
{
	static const struct {
		uint32_t max;
		uint64_t mask, bits;
	} cases[] = {
		{ MAX, UINT64_MAX, 0 },
		{ 1, UINT64_MAX, 0 },
		{ 16, UINT64_MAX, 0 },
		{ 100, UINT64_MAX, UINT64_C(0xf0000000) << 32 },
		{ 100, UINT64_C(0x0fffffff00000007), UINT64_C(0x70000000) << 32 },
		{ 100, UINT64_C(0x00ffffff00000003), UINT64_C(0xff000000) << 32 },
		{ 100, 1, UINT64_MAX - 7 },
	};
	static struct model m;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set_up(&m, cases[i].max);
		any_order_of_operations(&m, cases[i].mask, cases[i].bits, 20000);
		index_free(&m.ix);
	}
}

static void
the_fullest_table_refuses_nothing(void **state)
{
	static struct model m;

	(void)state;
	for (unsigned round = 0; round < 20; round++) {
		set_up(&m, MAX);
		for (uint32_t number = 1; number <= MAX; number++) {
			put(&m, number, any_hash());
			assert_true(m.in[number]);
		}
		agrees(&m);
		index_free(&m.ix);
	}
}

static void
of_one_hash_there_are_32_in_the_order_they_came(void **state)
{
	static const uint64_t hashes[] = { 0, UINT64_MAX, UINT64_C(1) << 62 };
	struct index ix;

	(void)state;
	for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
		unsigned distance = 0;

		assert_int_equal(index_init(&ix, 40), 0);
		for (uint32_t number = 1; number <= 32; number++)
			assert_true(index_insert(&ix, hashes[i], number));
		assert_false(index_insert(&ix, hashes[i], 33));
		for (uint32_t number = 1; number <= 32; number++)
			assert_int_equal(index_next(&ix, hashes[i], &distance), number);
		assert_int_equal(index_next(&ix, hashes[i], &distance), 0);
		index_free(&ix);
	}
}

/* The insertion would move a neighbour beyond the largest distance. */
static void
a_refused_insertion_changes_nothing(void **state)
{
	static struct model m;
	uint64_t home = UINT64_C(1) << 62, before = home - (UINT64_C(1) << 59);

	(void)state;
	set_up(&m, 40);
	for (uint32_t number = 1; number <= 32; number++)
		put(&m, number, home);
	put(&m, 33, before);
	assert_true(m.in[33]);
	for (uint32_t number = 34; number <= 40 && m.in[number - 1]; number++)
		put(&m, number, before);
	assert_false(m.in[40] && m.in[39]);
	agrees(&m);
	index_free(&m.ix);
}

static void
a_number_is_replaced_by_another(void **state)
{
	unsigned distance = 0;
	struct index ix;

	(void)state;
	assert_int_equal(index_init(&ix, 16), 0);
	assert_true(index_insert(&ix, 5, 16));
	assert_true(index_replace(&ix, 5, 16, INDEX_MAX));
	assert_false(index_replace(&ix, 5, 16, 1));
	assert_false(index_remove(&ix, 5, 16));
	assert_int_equal(index_next(&ix, 5, &distance), INDEX_MAX);
	assert_true(index_replace(&ix, 5, INDEX_MAX, 1));
	assert_false(index_remove(&ix, 6, 1));
	assert_true(index_remove(&ix, 5, 1));
	distance = 0;
	assert_int_equal(index_next(&ix, 5, &distance), 0);
	index_free(&ix);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_a_list_finds),
		cmocka_unit_test(the_fullest_table_refuses_nothing),
		cmocka_unit_test(of_one_hash_there_are_32_in_the_order_they_came),
		cmocka_unit_test(a_refused_insertion_changes_nothing),
		cmocka_unit_test(a_number_is_replaced_by_another),
	};
	long seed = getenv("SEED") ? atol(getenv("SEED")) : (long)time(NULL);

	printf("# SEED=%ld\n", seed);
	srand48(seed);
	return cmocka_run_group_tests_name("index", tests, NULL, NULL);
}
