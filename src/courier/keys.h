/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names of keys in Redis. They have one hash tag, so that in a cluster all are in one slot:
 *
 *   {knockd:NAME}:g:ID    a record. It ends with the access; a revoke stays as long as the access would have stayed
 *   {knockd:NAME}:u:ID    the highest counter of a user's key, and the record that it came with; stays
 *   {knockd:NAME}:o:ID    a one-time sequence that is used up, and the record that it came with; stays
 *   {knockd:NAME}:x       sorted set of the ends of those names
 *   {knockd:NAME}:e       channel of events
 *
 * The score of g:ID is the microsecond, in Redis's time, of its end, that of the others and of records without end is
 * KEYS_STAYS above the time of writing: all are different, and each new one is behind the others.
 */
#ifndef KNOCKD_COURIER_KEYS_H
#define KNOCKD_COURIER_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/share_conf.h"
#include "link.h"
#include "stored.h"
#include "wire/share.h"

#define KEYS_LEN (SHARE_NAME_LEN + 16 + 2 * SHARE_ID)

struct keys {
	char prefix[KEYS_LEN]; /* "{knockd:NAME}:" */
	char index[KEYS_LEN];
	char channel[KEYS_LEN];
	char wait_ms[16], replicas[16]; /* of COMMAND_WAIT */
};

void keys_init(struct keys *keys, const struct share_conf *conf);

/* Each queues a command. 0, or -1: there is no room or no memory. */
int keys_load(struct link *link, uint64_t now);
int keys_probe(struct link *link, const struct keys *keys, uint64_t now);
int keys_put(struct link *link, const struct keys *keys, const char *sha, const struct share_message *put, bool again,
	     uint64_t now);
int keys_wait(struct link *link, const struct keys *keys, uint64_t now);
int keys_subscribe(struct link *link, const struct keys *keys, uint64_t now);
int keys_time(struct link *link, uint64_t now);
int keys_index(struct link *link, const struct keys *keys, const char *from, uint64_t now); /* KEYS_PORTION at most */
int keys_values(struct link *link, const struct keys *keys, const char **members, size_t n, uint64_t now);

#endif
