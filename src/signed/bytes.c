/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signed/bytes.h"

#include <string.h>

void
bytes_put(uint8_t *to, size_t len, uint64_t n)
{
	for (size_t i = len; i-- > 0; n >>= 8)
		to[i] = (uint8_t)n;
}

uint64_t
bytes_get(const uint8_t *from, size_t len)
{
	uint64_t n = 0;

	for (size_t i = 0; i < len; i++)
		n = n << 8 | from[i];
	return n;
}

int
bytes_take_number(struct bytes *from, size_t len, uint64_t *n)
{
	if (from->left < len)
		return -1;
	*n = bytes_get(from->at, len);
	from->at += len;
	from->left -= len;
	return 0;
}

int
bytes_take_string(struct bytes *from, struct bytes *string)
{
	uint64_t len;

	if (bytes_take_number(from, 4, &len) || len > from->left)
		return -1;
	*string = (struct bytes){ from->at, (size_t)len };
	from->at += len;
	from->left -= (size_t)len;
	return 0;
}

int
bytes_take_exactly(struct bytes *from, uint8_t *to, size_t len)
{
	struct bytes string;

	if (bytes_take_string(from, &string) || string.left != len)
		return -1;
	memcpy(to, string.at, len);
	return 0;
}

int
bytes_take_word(struct bytes *from, const char *word)
{
	struct bytes string;

	if (bytes_take_string(from, &string) || string.left != strlen(word))
		return -1;
	return memcmp(string.at, word, string.left) ? -1 : 0;
}

uint8_t *
bytes_put_string(uint8_t *to, const void *string, size_t len)
{
	bytes_put(to, 4, len);
	if (len)
		memcpy(to + 4, string, len);
	return to + 4 + len;
}
