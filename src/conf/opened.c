/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "opened.h"

#include <stdlib.h>
#include <string.h>

struct entry {
	const struct addr *target;
	const struct knock_port *port;
	const struct door *door;
};

struct opened {
	size_t n;
	struct entry entries[]; /* sorted by port, target, place in the file */
};

static int
compare_ports(const struct entry *a, const struct entry *b)
{
	if (a->port->port != b->port->port)
		return a->port->port < b->port->port ? -1 : 1;
	if (a->port->proto != b->port->proto)
		return a->port->proto < b->port->proto ? -1 : 1;
	return memcmp(a->target, b->target, sizeof(*a->target));
}

static int
compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int ports = compare_ports(x, y);

	if (ports)
		return ports;
	return x->door < y->door ? -1 : x->door > y->door;
}

struct opened *
opened_new(const struct conf *conf)
{
	struct opened *opened;
	size_t n = 0;

	for (size_t i = 0; i < conf->n_doors; i++)
		n += conf->doors[i].open.n;
	opened = malloc(sizeof(*opened) + n * sizeof(opened->entries[0]));
	if (!opened)
		return NULL;
	opened->n = 0;
	for (size_t i = 0; i < conf->n_doors; i++) {
		const struct door *door = &conf->doors[i];

		for (size_t k = 0; k < door->open.n; k++)
			opened->entries[opened->n++] = (struct entry){ &door->target, &door->open.at[k], door };
	}
	qsort(opened->entries, opened->n, sizeof(opened->entries[0]), compare);
	return opened;
}

void
opened_free(struct opened *opened)
{
	free(opened);
}

const struct door *
opened_first(const struct opened *opened, const struct addr *target, const struct knock_port *port)
{
	const struct entry wanted = { target, port, NULL };
	size_t from = 0, to = opened->n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (compare_ports(&opened->entries[middle], &wanted) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	if (from == opened->n || compare_ports(&opened->entries[from], &wanted))
		return NULL;
	return opened->entries[from].door;
}
