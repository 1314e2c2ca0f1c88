/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "doorports.h"

#include <stdlib.h>

static int
compare(const void *a, const void *b)
{
	const struct first *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->door < y->door ? -1 : x->door > y->door;
}

static struct first
first_of(uint16_t door, const struct seq *seq)
{
	return (struct first){ doorports_key(seq->at[0].proto, seq->at[0].port), door };
}

static void
add_ports(struct doorports *ports, const struct seq *seq)
{
	for (size_t i = 0; i < seq->n && seq->at[i].proto != SEQ_AUTH; i++) {
		for (uint32_t port = seq->at[i].port; port <= seq_last(&seq->at[i]); port++) {
			uint32_t bit = doorports_bit(seq->at[i].proto, (uint16_t)port);

			ports->any[bit / 64] |= UINT64_C(1) << bit % 64;
		}
	}
}

int
doorports_init(struct doorports *ports, const struct conf *conf)
{
	*ports = (struct doorports){ .firsts = calloc(conf->n_doors + 1, sizeof(*ports->firsts)) };
	if (!ports->firsts)
		return -1;
	for (size_t d = 0; d < conf->n_doors; d++) {
		const struct door *door = &conf->doors[d];

		add_ports(ports, &door->seq);
		for (size_t i = 0; i < door->n_one_time; i++)
			add_ports(ports, &door->one_time[i]);
		if (door->seq.n)
			ports->firsts[ports->n_firsts++] = first_of((uint16_t)d, &door->seq);
	}
	qsort(ports->firsts, ports->n_firsts, sizeof(*ports->firsts), compare);
	return 0;
}

void
doorports_free(struct doorports *ports)
{
	free(ports->firsts);
}

static void
drop(struct doorports *ports, uint16_t door)
{
	size_t kept = 0;

	for (size_t i = 0; i < ports->n_firsts; i++)
		if (ports->firsts[i].door != door)
			ports->firsts[kept++] = ports->firsts[i];
	ports->n_firsts = kept;
}

/* Not qsort(): libc's may allocate, and may make system calls that the engine's filter forbids. */
static void
insert(struct doorports *ports, struct first first)
{
	size_t at = ports->n_firsts++;

	for (; at > 0 && compare(&ports->firsts[at - 1], &first) > 0; at--)
		ports->firsts[at] = ports->firsts[at - 1];
	ports->firsts[at] = first;
}

void
doorports_change(struct doorports *ports, uint16_t door, const struct seq *seq)
{
	drop(ports, door);
	if (seq->n)
		insert(ports, first_of(door, seq));
}
