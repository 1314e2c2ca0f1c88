/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands on their way to a server, in Redis's protocol: arrays of strings. */
#ifndef KNOCKD_COURIER_OUTPUT_H
#define KNOCKD_COURIER_OUTPUT_H

#include <stddef.h>

struct output {
	char *bytes;
	size_t sent, len, size; /* bytes[sent] to bytes[len - 1] wait */
};

/* Appends a command. `lens` NULL: the words are strings. 0, or -1: no memory, and nothing is appended. */
int output_add(struct output *out, int argc, const char **argv, const size_t *lens);

/* How many bytes wait. */
size_t output_waiting(const struct output *out);

/* The first `n` of those are sent. */
void output_sent(struct output *out, size_t n);

/* Forgets all. */
void output_clear(struct output *out);

#endif
