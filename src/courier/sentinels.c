/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sentinels.h"

#include <string.h>

#include "login.h"
#include "reply.h"

/* A sentinel that has not answered for so long is asked again on a new connection. */
#define DEAD_MSEC 1000

/* Waits so long for the other sentinels, which may know of a later election. */
#define OTHERS_MSEC 300

int
sentinels_init(struct sentinels *s, const struct share_conf *conf, struct ssl_ctx_st *tls, const struct place *places,
	       size_t n)
{
	*s = (struct sentinels){ .conf = conf, .n = n };
	for (size_t i = 0; i < n; i++) {
		s->list[i].place = places[i];
		if (link_init(&s->list[i].link, 4, conf->login.password, tls))
			return -1;
	}
	return 0;
}

/* ---- what they say ----------------------------------------------------------------------------- */

static int
take_epoch(struct sentinel *sentinel, const redisReply *reply)
{
	if (!reply_epoch(&sentinel->epoch, reply))
		return 0;
	return link_quote(&sentinel->link, "SENTINEL MASTER", reply_error(reply));
}

/* Its certificate bears the name of its host, if the configuration has that. */
static void
name_host(const struct sentinels *s, struct place *primary)
{
	for (size_t i = 0; i < s->n; i++)
		if (place_same_host(&s->list[i].place, primary))
			memcpy(primary->host, s->list[i].place.host, sizeof(primary->host));
}

static int
take_primary(struct sentinels *s, struct sentinel *sentinel, const redisReply *reply)
{
	struct place place;

	if (reply_address(&place, reply))
		return link_quote(&sentinel->link, "the address of the primary", reply_error(reply));
	sentinel->answered = true;
	if (s->primary.len && sentinel->epoch <= s->epoch)
		return 0;
	if (!s->primary.len)
		s->known_at = s->now;
	name_host(s, &place);
	s->primary = place;
	s->epoch = sentinel->epoch;
	return 0;
}

/* A sentinel gets the login only if it asks for one, which it does once for each of the two questions. */
static int
try_login(struct sentinels *s, struct sentinel *sentinel)
{
	sentinel->next_at = s->now;
	if (sentinel->tried_login)
		return link_first(&sentinel->link) ? 0 : link_fail(&sentinel->link, "it wants another login (NOAUTH)");
	sentinel->tried_login = true;
	return login_send(&sentinel->link, &s->conf->login, s->now)
		   ? link_fail(&sentinel->link, "it wants a login (NOAUTH)")
		   : 0;
}

struct taking {
	struct sentinels *s;
	struct sentinel *sentinel;
};

static int
take(void *arg, struct link *link, const redisReply *reply)
{
	struct taking *t = arg;
	struct expected *expected = link_first(link);
	enum command command;

	if (!expected)
		return link_fail(link, "a reply to no question");
	command = expected->command;
	link_answered(link, t->s->now);
	if (command == COMMAND_AUTH)
		return reply_is_status(reply, "OK") ? 0 : link_fail(link, "AUTH: it refuses the login");
	if (reply_is_error(reply, "NOAUTH"))
		return try_login(t->s, t->sentinel);
	return command == COMMAND_EPOCH ? take_epoch(t->sentinel, reply) : take_primary(t->s, t->sentinel, reply);
}

const struct place *
sentinels_primary(const struct sentinels *s, uint64_t now)
{
	bool all = true;

	for (size_t i = 0; i < s->n; i++)
		all = all && s->list[i].answered;
	return s->primary.len && (all || now >= s->known_at + OTHERS_MSEC) ? &s->primary : NULL;
}

const char *
sentinels_why(const struct sentinels *s)
{
	return *s->why ? s->why : "no sentinel has answered yet";
}

/* ---- questions --------------------------------------------------------------------------------- */

static void
lose(struct sentinels *s, struct sentinel *sentinel)
{
	char why[SHARE_REASON];

	memcpy(why, sentinel->link.why, sizeof(why));
	link_close(&sentinel->link);
	link_fail(&sentinel->link, "sentinel %s: %.60s", sentinel->place.text, why);
	memcpy(s->why, sentinel->link.why, sizeof(s->why));
	sentinel->answered = false;
	sentinel->tried_login = false;
	sentinel->next_at = s->now + SENTINELS_FAST_MSEC;
}

/*
 * In this order: a sentinel that leads an election counts it before its address is the new one, and so a new number
 * never comes with the old address.
 */
static int
ask(struct sentinels *s, struct sentinel *sentinel)
{
	const char *epoch[] = { "SENTINEL", "MASTER", s->conf->service };
	const char *primary[] = { "SENTINEL", "GET-MASTER-ADDR-BY-NAME", s->conf->service };

	if (!link_is_open(&sentinel->link) && link_open(&sentinel->link, &sentinel->place))
		return -1;
	if (link_first(&sentinel->link))
		return 0;
	if (!link_send(&sentinel->link, COMMAND_EPOCH, 3, epoch, NULL, s->now) ||
	    !link_send(&sentinel->link, COMMAND_PRIMARY, 3, primary, NULL, s->now))
		return link_fail(&sentinel->link, "out of memory");
	return link_flush(&sentinel->link);
}

static bool
is_dead(const struct sentinels *s, const struct sentinel *sentinel)
{
	uint64_t since = link_since(&sentinel->link);

	return since != UINT64_MAX && s->now >= since + DEAD_MSEC;
}

uint64_t
sentinels_ask(struct sentinels *s, bool up, uint64_t now)
{
	uint64_t next = UINT64_MAX;

	s->now = now;
	for (size_t i = 0; i < s->n; i++) {
		struct sentinel *sentinel = &s->list[i];

		if (is_dead(s, sentinel)) {
			link_fail(&sentinel->link, "%s", link_silence(&sentinel->link));
			lose(s, sentinel);
		}
		if (!up && sentinel->next_at > now + SENTINELS_FAST_MSEC)
			sentinel->next_at = now + SENTINELS_FAST_MSEC;
		if (now >= sentinel->next_at) {
			sentinel->next_at = now + (up ? SENTINELS_MSEC : SENTINELS_FAST_MSEC);
			if (ask(s, sentinel))
				lose(s, sentinel);
		}
		if (sentinel->next_at < next)
			next = sentinel->next_at;
	}
	return next;
}

void
sentinels_poll(const struct sentinels *s, struct pollfd *fds)
{
	for (size_t i = 0; i < PLACES; i++) {
		fds[i] = (struct pollfd){ .fd = -1 };
		if (i >= s->n)
			continue;
		fds[i].fd = link_fd(&s->list[i].link);
		fds[i].events = link_events(&s->list[i].link);
	}
}

void
sentinels_move(struct sentinels *s, const struct pollfd *fds, uint64_t now)
{
	s->now = now;
	for (size_t i = 0; i < s->n; i++) {
		struct taking taking = { s, &s->list[i] };

		if (fds[i].revents && link_move(&s->list[i].link, fds[i].revents, take, &taking))
			lose(s, &s->list[i]);
	}
}
