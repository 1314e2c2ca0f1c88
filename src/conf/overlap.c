/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every part of every sequence is looked up in a sorted list of all sequences, so 65,535 doors take no longer than they
 * must. A pair that is found so is then tried: does the matcher, fed with the longer sequence, open the other door?
 */
#include "overlap.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A part of a sequence, and where its packets go. */
struct part {
	const struct knock_port *at;
	size_t n;
	const struct addr *target;
};

struct entry {
	struct part part;
	const struct door *door;
};

struct search {
	struct entry *entries; /* sorted by length, ports, target, place in the file */
	size_t n;
	uint64_t lengths; /* bit n: some sequence has n ports */
};

_Static_assert(SEQ_MAX < 64, "one bit for each length");

static int
compare_parts(const struct part *a, const struct part *b)
{
	if (a->n != b->n)
		return a->n < b->n ? -1 : 1;
	for (size_t i = 0; i < a->n; i++) {
		if (a->at[i].proto != b->at[i].proto)
			return a->at[i].proto < b->at[i].proto ? -1 : 1;
		if (a->at[i].port != b->at[i].port)
			return a->at[i].port < b->at[i].port ? -1 : 1;
	}
	return memcmp(a->target, b->target, sizeof(*a->target));
}

static int
compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int parts = compare_parts(&x->part, &y->part);

	if (parts)
		return parts;
	return x->door < y->door ? -1 : x->door > y->door;
}

static bool
is_at(const struct knock_port *a, const struct knock_port *b)
{
	return a->proto == b->proto && a->port == b->port;
}

/* As the matcher does: a hit that ends an attempt may begin another. */
static bool
opens(const struct seq *knocked, const struct seq *seq)
{
	size_t stage = 0;

	for (size_t i = 0; i < knocked->n; i++) {
		const struct knock_port *hit = &knocked->at[i];

		if (is_at(hit, &seq->at[stage]))
			stage++;
		else
			stage = is_at(hit, &seq->at[0]);
		if (stage == seq->n)
			return true;
	}
	return false;
}

static bool
has_tcp(const struct seq *seq)
{
	for (size_t i = 0; i < seq->n; i++)
		if (seq->at[i].proto == IPPROTO_TCP)
			return true;
	return false;
}

/* Can one packet count at both doors? Their Target is the same, see compare_parts(). */
static bool
hear_the_same(const struct door *a, const struct door *b)
{
	uint8_t opposite = (a->flags_value ^ b->flags_value) & a->flags_mask & b->flags_mask;

	return !opposite || !has_tcp(&b->seq);
}

/* The first entry with these ports, or NULL. */
static const struct entry *
find(const struct search *s, const struct part *part)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_parts(&s->entries[middle].part, part) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < s->n && !compare_parts(&s->entries[low].part, part) ? &s->entries[low] : NULL;
}

/* The first door of this sequence that `door` opens as well; the entries of equal doors are in the file's order. */
static const struct door *
other_of(const struct search *s, const struct door *door, const struct part *part)
{
	const struct entry *entry = find(s, part);

	for (; entry && entry < s->entries + s->n && !compare_parts(&entry->part, part); entry++) {
		if (entry->door == door || (part->n == door->seq.n && entry->door > door))
			return NULL;
		if (hear_the_same(door, entry->door) && opens(&door->seq, &entry->door->seq))
			return entry->door;
	}
	return NULL;
}

static const struct door *
first_other(const struct search *s, const struct door *door)
{
	const struct door *first = NULL;

	for (size_t n = 1; n <= door->seq.n; n++) {
		for (size_t from = 0; s->lengths >> n & 1 && from + n <= door->seq.n; from++) {
			const struct part part = { &door->seq.at[from], n, &door->target };
			const struct door *other = other_of(s, door, &part);

			if (other && (!first || other < first))
				first = other;
		}
	}
	return first;
}

int
overlap_find(const struct conf *conf, overlap_found *found, void *arg)
{
	struct search s = { .entries = calloc(conf->n_doors + 1, sizeof(*s.entries)) };

	if (!s.entries)
		return -1;
	for (size_t i = 0; i < conf->n_doors; i++) {
		const struct door *door = &conf->doors[i];

		/* a signed knock names its door: it opens no other, and no hit opens that one; nor does one without a
		 * code */
		if (!door->seq.n || door->one_time_path || seq_auth(&door->seq) || seq_code(&door->seq))
			continue;
		s.entries[s.n++] = (struct entry){ { door->seq.at, door->seq.n, &door->target }, door };
		s.lengths |= UINT64_C(1) << door->seq.n;
	}
	qsort(s.entries, s.n, sizeof(*s.entries), compare_entries);
	for (size_t i = 0; i < conf->n_doors; i++) {
		const struct door *door = &conf->doors[i];
		const struct door *other = door->one_time_path ? NULL : first_other(&s, door);

		if (other)
			found(arg, door, other);
	}
	free(s.entries);
	return 0;
}
