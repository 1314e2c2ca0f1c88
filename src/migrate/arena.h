/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that is freed all at once. */
#ifndef KNOCKD_ARENA_H
#define KNOCKD_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks;
	size_t left; /* in the first block */
};

/* Zeroed memory, or NULL: none left. */
void *arena_get(struct arena *arena, size_t n, size_t size);

/* Copies; NULL: no memory. */
char *arena_copy(struct arena *arena, const char *text, size_t len);
char *arena_print(struct arena *arena, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

void arena_free(struct arena *arena);

#endif
