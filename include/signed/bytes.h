/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Big-endian integers of `len` bytes, and SSH's strings (RFC 4251 §5), read and written in memory. */
#ifndef KNOCKD_BYTES_H
#define KNOCKD_BYTES_H

#include <stddef.h>
#include <stdint.h>

void bytes_put(uint8_t *to, size_t len, uint64_t n);
uint64_t bytes_get(const uint8_t *from, size_t len);

/* The part of a buffer that has not been read. */
struct bytes {
	const uint8_t *at;
	size_t left;
};

/* Each returns 0, or -1: the buffer ends before. */
int bytes_take_number(struct bytes *from, size_t len, uint64_t *n);
int bytes_take_string(struct bytes *from, struct bytes *string);
int bytes_take_exactly(struct bytes *from, uint8_t *to, size_t len); /* an SSH string of this length */
int bytes_take_word(struct bytes *from, const char *word);           /* an SSH string with this text */

/* Writes an SSH string and returns the place behind it. */
uint8_t *bytes_put_string(uint8_t *to, const void *string, size_t len);

#endif
