/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER 24 /* "$LENGTH\r\n", with its NUL */

/* Makes room for `n` bytes. */
static int
grow(struct output *out, size_t n)
{
	size_t size = out->size ? out->size : 4096;
	char *bytes;

	if (out->sent) {
		memmove(out->bytes, out->bytes + out->sent, out->len - out->sent);
		out->len -= out->sent;
		out->sent = 0;
	}
	while (size - out->len < n)
		size *= 2;
	if (size == out->size)
		return 0;
	bytes = realloc(out->bytes, size);
	if (!bytes)
		return -1;
	out->bytes = bytes;
	out->size = size;
	return 0;
}

static void
append(struct output *out, const char *bytes, size_t n)
{
	memcpy(out->bytes + out->len, bytes, n);
	out->len += n;
}

static void
append_header(struct output *out, char kind, size_t n)
{
	char header[HEADER] = "";

	append(out, header, (size_t)snprintf(header, sizeof(header), "%c%zu\r\n", kind, n));
}

int
output_add(struct output *out, int argc, const char **argv, const size_t *lens)
{
	size_t n = HEADER;

	for (int i = 0; i < argc; i++)
		n += HEADER + (lens ? lens[i] : strlen(argv[i])) + 2;
	if (out->size - out->len < n && grow(out, n))
		return -1;
	append_header(out, '*', (size_t)argc);
	for (int i = 0; i < argc; i++) {
		size_t len = lens ? lens[i] : strlen(argv[i]);

		append_header(out, '$', len);
		append(out, argv[i], len);
		append(out, "\r\n", 2);
	}
	return 0;
}

size_t
output_waiting(const struct output *out)
{
	return out->len - out->sent;
}

/* The memory of a burst is given back. */
void
output_sent(struct output *out, size_t n)
{
	out->sent += n;
	if (out->sent == out->len)
		output_clear(out);
}

void
output_clear(struct output *out)
{
	free(out->bytes);
	*out = (struct output){ .bytes = NULL };
}
