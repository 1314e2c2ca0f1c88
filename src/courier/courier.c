/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "courier/courier.h"

#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "lib/moment.h"
#include "outbox.h"
#include "place.h"
#include "process/cage.h"
#include "process/confine.h"
#include "process/title.h"
#include "sentinels.h"
#include "session.h"
#include "tls.h"

/* Between two attempts to connect: the delay doubles with each round of all servers, and is shortened at random by up
 * to half. */
#define RETRY_MIN_MSEC 100
#define RETRY_MAX_MSEC 5000

/* A session that has been up for so long was no accident: the next attempt comes soon. */
#define STEADY_MSEC 10000

/* With names and no server for so long: ends, so that the parent starts one that asks the name servers again. */
#define NAMELESS_MSEC 30000

/* Without a primary for so long, elections are counted anew: the sentinels may be new ones. */
#define FORGET_MSEC 10000

enum { POLL_PARENT, POLL_COMMANDS, POLL_EVENTS, POLL_SENTINELS, POLL_SLOTS = POLL_SENTINELS + PLACES };

/* Messages taken from the parent before servers get their turn. */
#define TAKE_BATCHES 16

struct courier {
	const struct share_conf *conf;
	struct outbox out;
	struct ssl_ctx_st *tls; /* NULL: connections are not encrypted */
	struct session session;
	struct sentinels sentinels;
	struct place places[PLACES];
	size_t n_places, next;
	uint64_t retry_at, delay;
	bool moved;       /* the last attempt followed a cluster's answer */
	uint64_t lost_at; /* ms: since when there is no session that is up */
	uint32_t random;  /* never 0 */
	char
	    told[SHARE_REASON]; /* why the link is down, as the parent knows it; "": it does not know that it is down */
	enum session_state was;
	struct pollfd fds[POLL_SLOTS];
};

/* ---- what the parent is told ------------------------------------------------------------------- */

static void
tell_link(struct courier *c, enum share_link link, const char *reason)
{
	struct share_message message = { .kind = SHARE_LINK, .link = link, .missed = c->out.missed };

	memcpy(message.reason, reason, strnlen(reason, sizeof(message.reason) - 1));
	if (outbox_put(&c->out, &message, OUTBOX_LEN))
		c->out.missed = 0;
}

/* "ADDRESS: reason". Only what is new is told. */
static void
tell_down(struct courier *c, const char *place, const char *why)
{
	char reason[2 * SHARE_REASON + PLACE_TEXT];

	if (*place && strncmp(why, place, strlen(place)) != 0)
		snprintf(reason, sizeof(reason), "%s: %s", place, why);
	else
		snprintf(reason, sizeof(reason), "%s", why);
	reason[SHARE_REASON - 1] = '\0';
	if (!strcmp(reason, c->told))
		return;
	memcpy(c->told, reason, sizeof(c->told));
	tell_link(c, SHARE_DOWN, reason);
}

/* Events were dropped, and there is room to say so. */
static void
tell_missed(struct courier *c)
{
	if (c->out.missed && outbox_has_room(&c->out, 1, OUTBOX_EVENTS))
		tell_link(c, c->session.state == SESSION_UP ? SHARE_UP : SHARE_DOWN,
			  c->session.state == SESSION_UP ? c->session.place.text : c->told);
}

/* ---- which server, and when -------------------------------------------------------------------- */

/* xorshift32: gateways that have lost the same server do not come back in step. */
static uint64_t
shorten(struct courier *c, uint64_t ms)
{
	c->random ^= c->random << 13;
	c->random ^= c->random >> 17;
	c->random ^= c->random << 5;
	return ms - c->random % (ms / 2);
}

static void
back_off(struct courier *c)
{
	c->delay = c->delay > RETRY_MAX_MSEC / 2 ? RETRY_MAX_MSEC : 2 * c->delay;
}

/*
 * A node of a cluster has named the one that has the group's keys: that is the next, at once for the first time. Only
 * nodes that the configuration names are followed, or a server could send the courier and its login to any address.
 */
static bool
follow_move(struct courier *c, uint64_t now)
{
	const struct reply_node *node = &c->session.moved;
	char why[2 * SHARE_REASON];
	size_t i;

	if (c->conf->engine != SHARE_TCP || !node->port)
		return false;
	i = place_find(c->places, c->n_places, *node->host ? node->host : c->session.place.host, node->port);
	if (i == c->n_places) {
		snprintf(why, sizeof(why), "%.90s: name it in Share", c->session.why);
		tell_down(c, c->session.place.text, why);
		return false;
	}
	if (c->moved || c->was == SESSION_UP)
		tell_down(c, c->session.place.text, c->session.why);
	c->next = i;
	c->retry_at = now;
	if (c->moved) {
		c->retry_at += shorten(c, c->delay);
		back_off(c);
	}
	c->moved = true;
	return true;
}

/* After a session has closed, or could not be opened. */
static void
retry_later(struct courier *c, uint64_t now)
{
	if (follow_move(c, now))
		return;
	if (!c->session.moved.port)
		tell_down(c, c->session.place.text, c->session.why);
	c->retry_at = now + shorten(c, c->delay);
	if (c->conf->engine != SHARE_SENTINEL && ++c->next % c->n_places)
		return;
	back_off(c);
}

/* NULL: no sentinel has named a primary. */
static const struct place *
choose(struct courier *c, uint64_t now)
{
	if (c->conf->engine != SHARE_SENTINEL)
		return &c->places[c->next % c->n_places];
	if (now >= c->lost_at + FORGET_MSEC)
		c->sentinels.epoch = 0;
	return sentinels_primary(&c->sentinels, now);
}

static void
try_to_open(struct courier *c, uint64_t now)
{
	const struct place *place;

	if (c->session.state != SESSION_CLOSED || now < c->retry_at)
		return;
	place = choose(c, now);
	if (!place) {
		c->retry_at = now + SENTINELS_FAST_MSEC / 2;
		if (now >= c->lost_at + STEADY_MSEC / 10)
			tell_down(c, "", sentinels_why(&c->sentinels));
		return;
	}
	if (session_open(&c->session, place, now))
		retry_later(c, now);
	else
		c->was = SESSION_OPENING;
}

/* Has the session gone up or closed since the last call? */
static void
follow_session(struct courier *c, uint64_t now)
{
	enum session_state is = c->session.state;

	if (is == c->was)
		return;
	if (is == SESSION_UP) {
		*c->told = '\0';
		c->moved = false;
	}
	if (is == SESSION_CLOSED) {
		if (c->was == SESSION_UP) {
			c->lost_at = now;
			if (now >= c->session.up_at + STEADY_MSEC)
				c->delay = RETRY_MIN_MSEC;
		}
		retry_later(c, now);
	}
	c->was = is;
}

/* The sentinels have elected another primary: leaves the old one at once, though it may still answer. */
static void
follow_election(struct courier *c, uint64_t now)
{
	const struct place *place = sentinels_primary(&c->sentinels, now);

	if (!place || place_same(place, &c->session.place))
		return;
	if (c->session.state != SESSION_CLOSED)
		session_close(&c->session, "the sentinels have elected another primary");
	follow_session(c, now);
	c->delay = RETRY_MIN_MSEC;
	c->retry_at = now;
}

static bool
has_names(const struct share_conf *conf)
{
	struct place place;

	for (size_t i = 0; i < conf->n_hosts; i++)
		if (place_parse(&place, conf->hosts[i].name, 1))
			return true;
	return false;
}

/* ---- the parent's messages --------------------------------------------------------------------- */

/* False: the parent is gone, or is not sane. */
static bool
take_from_parent(struct courier *c, uint64_t now)
{
	struct share_message messages[SHARE_BATCH];

	for (int i = 0; i < TAKE_BATCHES && session_can_take(&c->session); i++) {
		int n = share_recv(c->out.fd, messages, SHARE_BATCH);

		if (n < 0 && errno == EAGAIN)
			return true;
		if (n <= 0)
			return false;
		for (int k = 0; k < n; k++) {
			if (!share_valid(&messages[k], SHARE_FROM_PARENT))
				return false;
			if (messages[k].kind == SHARE_PUT)
				session_put(&c->session, &messages[k], now);
			else
				session_resync(&c->session, now);
		}
	}
	return true;
}

/* ---- the loop ---------------------------------------------------------------------------------- */

static void
watch(struct courier *c)
{
	c->fds[POLL_PARENT] = (struct pollfd){ .fd = c->out.fd };
	if (c->out.n)
		c->fds[POLL_PARENT].events |= POLLOUT;
	if (session_can_take(&c->session))
		c->fds[POLL_PARENT].events |= POLLIN;
	c->fds[POLL_COMMANDS] =
	    (struct pollfd){ .fd = link_fd(&c->session.commands), .events = link_events(&c->session.commands) };
	c->fds[POLL_EVENTS] =
	    (struct pollfd){ .fd = link_fd(&c->session.events), .events = link_events(&c->session.events) };
	sentinels_poll(&c->sentinels, c->fds + POLL_SENTINELS);
}

/* Everything that is due. Returns when the next thing is. */
static uint64_t
tick(struct courier *c, uint64_t now)
{
	uint64_t session, sentinels;

	sentinels = sentinels_ask(&c->sentinels, c->session.state == SESSION_UP, now);
	follow_session(c, now);
	follow_election(c, now);
	try_to_open(c, now);
	session = session_tick(&c->session, now);
	follow_session(c, now);
	tell_missed(c);
	if (c->session.state == SESSION_CLOSED)
		session = c->retry_at;
	return session < sentinels ? session : sentinels;
}

static uint64_t
now_msec(void)
{
	return moment_steady_usec() / 1000;
}

/* Returns the exit status. */
static int
loop(struct courier *c)
{
	bool names = has_names(c->conf);
	uint64_t now = now_msec(), next;

	c->lost_at = now;
	for (;;) {
		next = tick(c, now);
		if (outbox_flush(&c->out))
			return 0;
		if (names && c->session.state == SESSION_CLOSED && now >= c->lost_at + NAMELESS_MSEC)
			return COURIER_AGAIN;
		watch(c);
		poll(c->fds, POLL_SLOTS, next <= now ? 0 : next - now > 60000 ? 60000 : (int)(next - now));
		now = now_msec();
		if (c->fds[POLL_PARENT].revents & (POLLIN | POLLHUP | POLLERR) && !take_from_parent(c, now))
			return 0;
		session_move(&c->session, c->fds[POLL_COMMANDS].revents, c->fds[POLL_EVENTS].revents, now);
		sentinels_move(&c->sentinels, c->fds + POLL_SENTINELS, now);
	}
}

/* ---- start ------------------------------------------------------------------------------------- */

/*
 * A unix socket is found again by its path when the server has made a new one, and perhaps a new directory: the root is
 * the directory above, unless that is the system's.
 */
static const char *
find_socket(struct courier *c, char root[static SHARE_PATH_LEN])
{
	const char *path = c->conf->path, *name = strrchr(path, '/');

	while (name > path && name[-1] != '/')
		name--;
	if (name - path <= 1)
		name = strrchr(path, '/') + 1;
	memset(root, 0, SHARE_PATH_LEN);
	memcpy(root, path, (size_t)(name - path));
	place_unix(&c->places[0], name, path);
	c->n_places = 1;
	return root;
}

static void
find_places(struct courier *c, const struct log *log)
{
	char why[400] = "";

	c->n_places = place_resolve(c->places, c->conf, why, sizeof(why));
	if (*why)
		log_warnx(log, "courier: %s", why);
	if (!c->n_places)
		_exit(1);
}

static void
prepare(struct courier *c, const struct courier_setup *setup, int fd, const struct log *log)
{
	size_t n_sentinels = c->conf->engine == SHARE_SENTINEL ? c->n_places : 0;

	c->delay = RETRY_MIN_MSEC;
	if (getrandom(&c->random, sizeof(c->random), 0) != sizeof(c->random) || outbox_init(&c->out, fd) ||
	    session_init(&c->session, setup->conf, c->tls, &c->out) ||
	    sentinels_init(&c->sentinels, setup->conf, c->tls, c->places, n_sentinels)) {
		log_warn(log, "courier: could not start");
		_exit(1);
	}
	c->random |= 1;
}

static void
start_tls(struct courier *c, const struct courier_setup *setup, const struct log *log)
{
	char why[SHARE_REASON];

	if (!setup->conf->tls)
		return;
	c->tls = tls_new(setup->tls, why);
	if (c->tls)
		return;
	log_warnx(log, "courier: %s", why);
	_exit(1);
}

static void
shut(const struct confine *confine)
{
	confine_process(confine);
	if (cage_courier())
		confine_refuse(confine, "load its filter of system calls (seccomp)");
#ifndef SANITIZERS
	close(STDERR_FILENO);
#endif
}

static struct courier *
new_courier(const struct confine *confine, const struct share_conf *conf)
{
	struct courier *c = calloc(1, sizeof(*c));

	if (c)
		c->conf = conf;
	else
		confine_refuse(confine, "start");
	return c;
}

_Noreturn void
courier_run(const struct courier_setup *setup)
{
	int fd = setup->fd;
	char root[SHARE_PATH_LEN];
	struct log log;
	struct courier *c;
	struct confine confine = {
		.role = "courier", .user = &setup->user, .log = &log, .files = POLL_SLOTS + STDERR_FILENO + 1
	};

	log_init(&log);
	title_set("courier");
	confine_signals();
	c = new_courier(&confine, setup->conf);
	start_tls(c, setup, &log);
	confine_descriptors(&confine, &fd, 1);
	if (setup->conf->engine == SHARE_UNIX)
		confine.root = find_socket(c, root);
	else
		find_places(c, &log);
	prepare(c, setup, fd, &log);
	shut(&confine);
	outbox_put(&c->out, &(struct share_message){ .kind = SHARE_READY }, OUTBOX_LEN);
	_exit(loop(c));
}
