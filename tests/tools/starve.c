/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For LD_PRELOAD: memory is out. The file that $STARVE names holds two numbers (numbers.h): how many allocations
 * succeed before one fails, negative if none is to fail, and how many there have been. Only the process that was
 * started fails, not its children.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "numbers.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void
begin(void)
{
	numbers_open("STARVE", 2);
}

/* Is this allocation to fail? Counts it. */
static bool
fails(void)
{
	long before;

	if (!numbers || numbers_of_child)
		return false;
	pthread_mutex_lock(&lock);
	before = numbers_get(0);
	if (before >= 0)
		numbers_put(0, before - 1);
	numbers_put(1, numbers_get(1) + 1);
	pthread_mutex_unlock(&lock);
	if (!before)
		errno = ENOMEM;
	return !before;
}

void *
malloc(size_t size)
{
	static void *(*next)(size_t);

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "malloc");
	return fails() ? NULL : next(size);
}

void *
calloc(size_t count, size_t size)
{
	static void *(*next)(size_t, size_t);

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "calloc");
	return fails() ? NULL : next(count, size);
}

void *
realloc(void *memory, size_t size)
{
	static void *(*next)(void *, size_t);

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "realloc");
	return fails() ? NULL : next(memory, size);
}
