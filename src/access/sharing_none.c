/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sharing.h and foreign.h in a build without hiredis or libsodium, in which no configuration shares anything. */
#include "access/sharing.h"

#include <errno.h>

#include "access/foreign.h"

struct sharing *
sharing_new(const struct log *log, const struct sharing_owner *owner)
{
	(void)log, (void)owner;
	errno = ENOSYS;
	return NULL;
}

void
sharing_free(struct sharing *sharing)
{
	(void)sharing;
}

bool
sharing_follow(struct sharing *sharing, const struct conf *conf)
{
	(void)sharing, (void)conf;
	return true;
}

bool
sharing_is_on(const struct sharing *sharing)
{
	(void)sharing;
	return false;
}

bool
sharing_take(struct sharing *sharing, const struct share_message *messages, size_t n)
{
	(void)sharing, (void)messages, (void)n;
	return false;
}

void
sharing_cut_off(struct sharing *sharing, const char *why)
{
	(void)sharing, (void)why;
}

void
sharing_tick(struct sharing *sharing, uint64_t now)
{
	(void)sharing, (void)now;
}

uint64_t
sharing_next(const struct sharing *sharing)
{
	(void)sharing;
	return UINT64_MAX;
}

void
sharing_resync(struct sharing *sharing)
{
	(void)sharing;
}

void
sharing_recall(struct sharing *sharing, const struct sharing_left *left)
{
	(void)sharing, (void)left;
}

void
sharing_recall_counter(struct sharing *sharing, const struct sharing_count *count)
{
	(void)sharing, (void)count;
}

void
sharing_users_read(struct sharing *sharing)
{
	(void)sharing;
}

void
sharing_claimed(struct sharing *sharing, bool claimed)
{
	(void)sharing, (void)claimed;
}

void
sharing_opened(struct sharing *sharing, const struct door *door, const struct addr *ip, const struct ask *ask,
	       uint64_t left_ms)
{
	(void)sharing, (void)door, (void)ip, (void)ask, (void)left_ms;
}

void
sharing_ended(struct sharing *sharing, const char *door, const struct addr *ip)
{
	(void)sharing, (void)door, (void)ip;
}

size_t
sharing_revoked(struct sharing *sharing, const struct request_whom *whom)
{
	(void)sharing, (void)whom;
	return 0;
}

void
sharing_extended(struct sharing *sharing, const struct request_whom *whom, int64_t by_ms)
{
	(void)sharing, (void)whom, (void)by_ms;
}

void
sharing_counted(struct sharing *sharing, const struct sharing_count *count, bool claimed)
{
	(void)sharing, (void)count, (void)claimed;
}

void
sharing_reset(struct sharing *sharing, const struct sharing_count *count)
{
	(void)sharing, (void)count;
}

uint64_t
sharing_time(struct sharing *sharing)
{
	(void)sharing;
	return 0;
}

void
sharing_used_up(struct sharing *sharing, const char *door, const struct seq *sequence, bool claimed)
{
	(void)sharing, (void)door, (void)sequence, (void)claimed;
}

void
sharing_banned(struct sharing *sharing, const struct addr *ip, uint64_t left_ms)
{
	(void)sharing, (void)ip, (void)left_ms;
}

uint64_t
sharing_claim(struct sharing *sharing, const struct door *door, const struct addr *ip, const struct ask *ask,
	      const struct seq *sequence, uint64_t left_ms)
{
	(void)sharing, (void)door, (void)ip, (void)ask, (void)sequence, (void)left_ms;
	return 0;
}

void
sharing_give_up(struct sharing *sharing, uint64_t ticket)
{
	(void)sharing, (void)ticket;
}

bool
sharing_look(const struct sharing *sharing, struct sharing_state *state)
{
	(void)sharing, (void)state;
	return false;
}

bool
sharing_peer(const struct sharing *sharing, size_t i, struct sharing_peer *peer)
{
	(void)sharing, (void)i, (void)peer;
	return false;
}

const char *
sharing_origin(const struct sharing *sharing, const char *door, const struct addr *ip)
{
	(void)sharing, (void)door, (void)ip;
	return NULL;
}

void
foreign_apply(const struct access_tools *tools, const struct conf *conf, struct sharing_news *news, size_t n)
{
	(void)tools, (void)conf, (void)news, (void)n;
}
