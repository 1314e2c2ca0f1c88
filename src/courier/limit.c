/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "limit.h"

/* An array is charged with all its elements, so each element that is not in an array is the reply itself. */
static bool
charge(struct limit *limit, size_t elements, size_t bytes)
{
	if (elements > LIMIT_ELEMENTS - limit->elements || bytes > LIMIT_BYTES - limit->bytes) {
		limit->exceeded = true;
		return false;
	}
	limit->elements += elements;
	limit->bytes += bytes;
	return true;
}

static void *
create_string(const redisReadTask *task, char *text, size_t len)
{
	struct limit *limit = task->privdata;

	return charge(limit, 0, len) ? limit->inner->createString(task, text, len) : NULL;
}

static void *
create_array(const redisReadTask *task, redis_size n)
{
	struct limit *limit = task->privdata;

	return charge(limit, (size_t)n, 0) ? limit->inner->createArray(task, n) : NULL;
}

void
limit_install(struct limit *limit, redisReader *reader)
{
	*limit = (struct limit){ .outer = *reader->fn, .inner = reader->fn };
	limit->outer.createString = create_string;
	limit->outer.createArray = create_array;
	reader->fn = &limit->outer;
	reader->privdata = limit;
}

void
limit_renew(struct limit *limit)
{
	limit->elements = limit->bytes = 0;
}
