/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 65536
#define ALIGN _Alignof(max_align_t)

struct arena_block {
	struct arena_block *next;
	size_t size;
	_Alignas(max_align_t) unsigned char bytes[];
};

void *
arena_get(struct arena *arena, size_t n, size_t size)
{
	struct arena_block *block = arena->blocks;
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes) || bytes > SIZE_MAX / 2)
		return NULL;
	bytes = (bytes + ALIGN - 1) / ALIGN * ALIGN;
	if (!block || arena->left < bytes) {
		size_t room = bytes > BLOCK ? bytes : BLOCK;

		block = calloc(1, sizeof(*block) + room);
		if (!block)
			return NULL;
		*block = (struct arena_block){ .next = arena->blocks, .size = room };
		arena->blocks = block;
		arena->left = room;
	}
	arena->left -= bytes;
	return block->bytes + block->size - arena->left - bytes;
}

char *
arena_copy(struct arena *arena, const char *text, size_t len)
{
	char *copy = arena_get(arena, len + 1, 1);

	if (copy)
		memcpy(copy, text, len);
	return copy;
}

char *
arena_print(struct arena *arena, const char *fmt, ...)
{
	char *text, *copy;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (len < 0)
		return NULL;
	copy = arena_copy(arena, text, (size_t)len);
	free(text);
	return copy;
}

void
arena_free(struct arena *arena)
{
	struct arena_block *next;

	for (struct arena_block *block = arena->blocks; block; block = next) {
		next = block->next;
		free(block);
	}
	*arena = (struct arena){ .blocks = NULL };
}
