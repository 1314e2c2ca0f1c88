/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For LD_PRELOAD: every allocation is a mapping of its own, and free(3) returns it to the kernel at once. musl's
 * allocator may do so at any time, glibc's nearly never: with this one a process that may not call munmap(2) any more
 * dies here, too.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE ((size_t)4096) /* every kernel's page is this, or a multiple of it */

/* Before each allocation. */
struct head {
	void *map;
	size_t len, size;
};

static void *
map_pages(size_t alignment, size_t size)
{
	size_t space = alignment > sizeof(struct head) ? alignment : sizeof(struct head), len;
	struct head *head;
	uintptr_t at;
	char *map;

	if (size > SIZE_MAX / 2 || space > SIZE_MAX / 4) {
		errno = ENOMEM;
		return NULL;
	}
	len = (size + 2 * space + PAGE - 1) / PAGE * PAGE;
	map = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		return NULL;
	at = ((uintptr_t)map + sizeof(*head) + alignment - 1) / alignment * alignment;
	head = (struct head *)at - 1;
	*head = (struct head){ map, len, size };
	return (void *)at;
}

void *
malloc(size_t size)
{
	return map_pages(_Alignof(max_align_t), size);
}

void
free(void *memory)
{
	struct head head;

	if (!memory)
		return;
	head = ((struct head *)memory)[-1];
	munmap(head.map, head.len);
}

void *
calloc(size_t count, size_t size)
{
	size_t len;

	if (__builtin_mul_overflow(count, size, &len)) {
		errno = ENOMEM;
		return NULL;
	}
	return malloc(len);
}

void *
realloc(void *memory, size_t size)
{
	void *more = malloc(size);
	size_t old = memory ? ((struct head *)memory)[-1].size : 0;

	if (!more)
		return NULL;
	if (old)
		memcpy(more, memory, old < size ? old : size);
	free(memory);
	return more;
}

void *
aligned_alloc(size_t alignment, size_t size)
{
	return map_pages(alignment < _Alignof(max_align_t) ? _Alignof(max_align_t) : alignment, size);
}

int
posix_memalign(void **to, size_t alignment, size_t size)
{
	*to = aligned_alloc(alignment, size);
	return *to ? 0 : ENOMEM;
}
