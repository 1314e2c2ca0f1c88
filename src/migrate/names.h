/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values that are found by a text. Not by hsearch(3): glibc's hash depends on the first eight characters alone.
 */
#ifndef KNOCKD_NAMES_H
#define KNOCKD_NAMES_H

#include "arena.h"

struct names {
	void *root;
};

/* The value of `key`, zeroed memory of `size` bytes if there was none. The key must outlive it; NULL: no memory. */
void *names_get(struct names *names, struct arena *arena, const char *key, size_t size);

void names_free(struct names *names);

#endif
