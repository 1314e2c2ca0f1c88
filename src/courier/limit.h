/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bounds what the library allocates for a reply, whatever a server sends. */
#ifndef KNOCKD_COURIER_LIMIT_H
#define KNOCKD_COURIER_LIMIT_H

#include <stdbool.h>
#include <stddef.h>

#include "redis.h"

/*
 * The largest replies that a sane server sends are one portion of the index with its scores and of the values (sync.h),
 * and ROLE of a primary with some hundred replicas.
 */
#define LIMIT_ELEMENTS 2048
#define LIMIT_BYTES    (128 << 10)

/* Bytes that the reader may keep because a string is not complete: the longest is one line of an error. */
#define LIMIT_UNREAD 4096

struct limit {
	redisReplyObjectFunctions outer, *inner;
	size_t elements, bytes; /* of the reply that is being read */
	bool exceeded;
};

/* From now on `reader` fails, and `exceeded` is true, when a reply is larger. `limit` must live as long. */
void limit_install(struct limit *limit, redisReader *reader);

/* To be called after each complete reply. */
void limit_renew(struct limit *limit);

#endif
