/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For libraries for LD_PRELOAD: numbers of 12 characters each in a file, which a test may change at any time. It is
 * mapped, so a process under seccomp can read it.
 */
#ifndef KNOCKD_TEST_NUMBERS_H
#define KNOCKD_TEST_NUMBERS_H

#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define NUMBERS_WIDTH 12

static char *numbers;         /* NULL: there are none */
static bool numbers_of_child; /* this is a child of the process that was started */

static void
numbers_mark_child(void)
{
	numbers_of_child = true;
}

/* Maps the file of `n` numbers that the environment names. Programs that this one executes get no library. */
static void
numbers_open(const char *variable, size_t n)
{
	const char *path = getenv(variable);
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *map = fd < 0 ? MAP_FAILED : mmap(NULL, NUMBERS_WIDTH * n, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (fd >= 0)
		close(fd);
	pthread_atfork(NULL, NULL, numbers_mark_child);
	unsetenv("LD_PRELOAD");
	if (map != MAP_FAILED)
		numbers = map;
}

/* 0 if there are none. */
static long
numbers_get(int field)
{
	char copy[NUMBERS_WIDTH + 1] = "";

	if (numbers)
		memcpy(copy, numbers + (size_t)field * NUMBERS_WIDTH, NUMBERS_WIDTH);
	return strtol(copy, NULL, 10);
}

static void
numbers_put(int field, long number)
{
	char copy[32];

	snprintf(copy, sizeof(copy), "%*ld", NUMBERS_WIDTH, number);
	memcpy(numbers + (size_t)field * NUMBERS_WIDTH, copy, NUMBERS_WIDTH);
}

#endif
