/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One harness for each reader of hostile bytes: the fuzzer (`make fuzz`) calls it with inputs of its own, replay.c
 * (`make check`) with the files of corpus/NAME. It returns 0 and frees everything.
 */
#ifndef KNOCKD_FUZZ_H
#define KNOCKD_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A condition that holds for every input. Not assert(), which a build may leave out. */
#define HOLDS(condition)                                                                \
	do {                                                                            \
		if (!(condition)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                        \
		}                                                                       \
	} while (0)

/* The input as a string, to be freed; a NUL in it ends it. */
static inline char *
fuzz_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	HOLDS(text);
	for (size_t i = 0; i < size; i++)
		text[i] = (char)data[i];
	text[size] = '\0';
	return text;
}

#endif
