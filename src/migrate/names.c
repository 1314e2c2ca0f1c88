/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "names.h"

#include <search.h>
#include <string.h>

struct item {
	const char *key;
	void *value;
};

static int
compare(const void *a, const void *b)
{
	return strcmp(((const struct item *)a)->key, ((const struct item *)b)->key);
}

void *
names_get(struct names *names, struct arena *arena, const char *key, size_t size)
{
	struct item wanted = { .key = key }, *item, **found = tfind(&wanted, &names->root, compare);

	if (found)
		return (*found)->value;
	item = arena_get(arena, 1, sizeof(*item));
	if (!item)
		return NULL;
	item->key = key;
	item->value = arena_get(arena, 1, size);
	return item->value && tsearch(item, &names->root, compare) ? item->value : NULL;
}

/* The items are the arena's. */
static void
leave(void *item)
{
	(void)item;
}

void
names_free(struct names *names)
{
	tdestroy(names->root, leave);
	names->root = NULL;
}
