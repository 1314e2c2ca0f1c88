/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For LD_PRELOAD: memory is out. The file that $STARVE names holds two numbers of 12 characters each, which may be
 * changed at any time: how many allocations succeed before one fails, negative if none is to fail, and how many there
 * have been. It is mapped, so a process under seccomp can read it. Only the process that was started fails, not its
 * children.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define WIDTH 12

static char *text; /* NULL: nothing fails */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool is_child;

static void
mark_child(void)
{
	is_child = true;
}

__attribute__((constructor)) static void
begin(void)
{
	const char *path = getenv("STARVE");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *map = fd < 0 ? MAP_FAILED : mmap(NULL, 2 * WIDTH, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (fd >= 0)
		close(fd);
	pthread_atfork(NULL, NULL, mark_child);
	unsetenv("LD_PRELOAD");
	if (map != MAP_FAILED)
		text = map;
}

static long
get(int field)
{
	char copy[WIDTH + 1] = "";

	memcpy(copy, text + (size_t)field * WIDTH, WIDTH);
	return strtol(copy, NULL, 10);
}

static void
put(int field, long number)
{
	char copy[32];

	snprintf(copy, sizeof(copy), "%*ld", WIDTH, number);
	memcpy(text + (size_t)field * WIDTH, copy, WIDTH);
}

/* Is this allocation to fail? Counts it. */
static bool
fails(void)
{
	long before;

	if (!text || is_child)
		return false;
	pthread_mutex_lock(&lock);
	before = get(0);
	if (before >= 0)
		put(0, before - 1);
	put(1, get(1) + 1);
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
