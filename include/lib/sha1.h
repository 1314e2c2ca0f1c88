/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HMAC-SHA-1 (RFC 2104, RFC 3174): for one-time codes, whose apps know no other hash. Collisions of SHA-1 do not weaken
 * it.
 */
#ifndef KNOCKD_SHA1_H
#define KNOCKD_SHA1_H

#include <stddef.h>
#include <stdint.h>

#define SHA1_LEN   20
#define SHA1_BLOCK 64

/* `key_len` is at most SHA1_BLOCK. */
void sha1_hmac(const uint8_t *key, size_t key_len, const void *data, size_t len, uint8_t mac[static SHA1_LEN]);

#endif
