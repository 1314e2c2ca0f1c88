/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session.h"

#include <stdlib.h>
#include <string.h>

#include "login.h"

#define PING_MSEC 1000

/* A server that has not answered for so long is dead; a command that waits for replicas may take longer. */
#define DEAD_MSEC 3000

#define EVENT_COMMANDS 8 /* unanswered at most on the connection for events: login, SUBSCRIBE, PINGs */

int
session_init(struct session *s, const struct share_conf *conf, struct ssl_ctx_st *tls, struct outbox *out)
{
	const char *password = conf->login.password;

	memset(s, 0, sizeof(*s));
	s->conf = conf;
	s->out = out;
	keys_init(&s->keys, conf);
	s->sync.keys = &s->keys;
	s->sync.link = &s->commands;
	s->sync.out = out;
	s->granted = calloc(SESSION_COMMANDS, sizeof(*s->granted));
	return !s->granted || echoes_init(&s->echoes) || link_init(&s->commands, SESSION_COMMANDS, password, tls) ||
		       link_init(&s->events, EVENT_COMMANDS, password, tls)
		   ? -1
		   : 0;
}

/* ---- answers ----------------------------------------------------------------------------------- */

static void
answer(struct session *s, uint64_t ticket, enum share_answer said)
{
	if (ticket)
		outbox_put(s->out, &(struct share_message){ .kind = SHARE_ANSWER, .answer = said, .ticket = ticket },
			   OUTBOX_ANSWERS);
}

static void
answer_granted(struct session *s, enum share_answer said)
{
	for (size_t i = 0; i < s->n_granted; i++)
		answer(s, s->granted[i], said);
	s->n_granted = 0;
}

static void
answer_put(struct session *s, uint64_t ticket, enum share_answer said)
{
	if (ticket && said == SHARE_YES && s->conf->replicas)
		s->granted[s->n_granted++] = ticket;
	else
		answer(s, ticket, said);
}

/* ---- open and close ---------------------------------------------------------------------------- */

void
session_close(struct session *s, const char *why)
{
	memset(s->why, 0, sizeof(s->why));
	strncpy(s->why, why, sizeof(s->why) - 1);
	for (struct expected *e; (e = link_first(&s->commands)); link_answered(&s->commands, s->now))
		if (e->command == COMMAND_PUT)
			answer(s, e->put.ticket, SHARE_UNKNOWN);
	answer_granted(s, SHARE_UNKNOWN);
	link_close(&s->commands);
	link_close(&s->events);
	sync_stop(&s->sync);
	echoes_forget(&s->echoes);
	s->state = SESSION_CLOSED;
}

static int
greet(struct session *s, struct link *link)
{
	return login_is_needed(&s->conf->login) ? login_send(link, &s->conf->login, s->now) : 0;
}

int
session_open(struct session *s, const struct place *place, uint64_t now)
{
	static const char *role[] = { "ROLE" };

	s->place = *place;
	s->state = SESSION_OPENING;
	s->moved.port = 0;
	s->primary = s->loaded = s->subscribed = s->wait_is_due = false;
	s->now = s->opened_at = now;
	s->ping_at = now + PING_MSEC;
	if (link_open(&s->commands, place)) {
		session_close(s, s->commands.why);
		return -1;
	}
	if (link_open(&s->events, place)) {
		session_close(s, s->events.why);
		return -1;
	}
	if (greet(s, &s->commands) || keys_probe(&s->commands, &s->keys, now) ||
	    !link_send(&s->commands, COMMAND_ROLE, 1, role, NULL, now) || keys_load(&s->commands, now) ||
	    greet(s, &s->events) || keys_subscribe(&s->events, &s->keys, now)) {
		session_close(s, "out of memory");
		return -1;
	}
	return 0;
}

/* Both connections are in order: tells the parent, and reads what is stored. */
static void
go_up(struct session *s)
{
	struct share_message link = { .kind = SHARE_LINK, .link = SHARE_UP };

	if (s->state != SESSION_OPENING || !s->primary || !s->loaded || !s->subscribed)
		return;
	s->state = SESSION_UP;
	s->up_at = s->now;
	memcpy(link.reason, s->place.text, strnlen(s->place.text, sizeof(link.reason) - 1));
	outbox_put(s->out, &link, OUTBOX_LEN);
	sync_start(&s->sync, s->now);
}

/* ---- replies on the connection for commands ---------------------------------------------------- */

static int
take_login(struct link *link, const redisReply *reply)
{
	if (reply_is_status(reply, "OK"))
		return 0;
	/* some servers repeat the words of a command that they refuse */
	return link_fail(link, reply_is_error(reply, "WRONGPASS") ? "AUTH: wrong user or password (WRONGPASS)"
								  : "AUTH: the server refuses the login");
}

static int
take_role(struct session *s, const redisReply *reply)
{
	s->primary = reply_is_primary(reply);
	if (s->primary)
		return 0;
	if (reply->type == REDIS_REPLY_ERROR)
		return link_quote(&s->commands, "ROLE", reply->str);
	return link_fail(&s->commands, "it is a replica and not the primary");
}

/* All keys of the group are in one slot, which one node of a cluster has. */
static int
take_cluster_error(struct session *s, const redisReply *reply)
{
	if (reply_is_error(reply, "CLUSTERDOWN"))
		return link_fail(&s->commands, "the cluster is down (CLUSTERDOWN)");
	if (reply_is_error(reply, "MOVED") && !reply_moved(&s->moved, reply))
		return link_fail(&s->commands, "the group's keys are on another node of the cluster, %.60s:%u",
				 *s->moved.host ? s->moved.host : s->place.host, s->moved.port);
	if (reply_is_error(reply, "ASK") || reply_is_error(reply, "TRYAGAIN"))
		return link_fail(&s->commands, "the cluster is moving the group's keys to another node");
	return 0;
}

static int
take_script(struct session *s, const redisReply *reply)
{
	if (reply_sha(s->sha, reply))
		return link_quote(&s->commands, "SCRIPT LOAD", reply_error(reply));
	s->loaded = true;
	return 0;
}

/* SCRIPT FLUSH, or a restart of a server behind a proxy: loads it once more, and then sends the PUT once more. */
static int
send_again(struct session *s, const struct share_message *put)
{
	if (s->loaded && keys_load(&s->commands, s->now))
		return link_fail(&s->commands, "out of memory");
	s->loaded = false;
	if (keys_put(&s->commands, &s->keys, s->sha, put, true, s->now))
		return link_fail(&s->commands, "out of memory");
	echoes_put(&s->echoes, put);
	return 0;
}

/* An error that concerns each PUT alike, such as NOPERM, OOM or READONLY, closes the session: the admin is told. */
static int
take_put(struct session *s, struct expected *expected, const redisReply *reply)
{
	struct share_message put = expected->put;
	bool again = expected->again;

	link_answered(&s->commands, s->now);
	echoes_answered(&s->echoes, reply_answer(reply) == SHARE_YES);
	if (reply_is_error(reply, "NOSCRIPT") && !again) {
		if (send_again(s, &put))
			return -1;
		s->wait_is_due = s->wait_is_due || put.ticket;
		return 0;
	}
	answer_put(s, put.ticket, reply_answer(reply));
	if (reply_answer(reply) != SHARE_UNKNOWN || reply_is_error(reply, "WRONGTYPE"))
		return 0;
	return link_quote(&s->commands, "the server refuses to write", reply_error(reply));
}

static int
take_wait(struct session *s, const redisReply *reply)
{
	bool enough = reply->type == REDIS_REPLY_INTEGER && reply->integer >= (long long)s->conf->replicas;

	answer_granted(s, enough ? SHARE_YES : SHARE_UNKNOWN);
	return reply->type == REDIS_REPLY_ERROR ? link_quote(&s->commands, "WAIT", reply->str) : 0;
}

static int
take_command(struct session *s, const redisReply *reply)
{
	struct expected *expected = link_first(&s->commands);
	enum command command;

	if (!expected)
		return link_fail(&s->commands, "the server sent a reply to no command");
	if (take_cluster_error(s, reply))
		return -1;
	command = expected->command;
	if (command == COMMAND_PUT)
		return take_put(s, expected, reply);
	link_answered(&s->commands, s->now);
	switch (command) {
	case COMMAND_AUTH:
		return take_login(&s->commands, reply);
	case COMMAND_PROBE:
		return reply->type == REDIS_REPLY_ERROR ? link_quote(&s->commands, "MGET", reply->str) : 0;
	case COMMAND_ROLE:
		return take_role(s, reply);
	case COMMAND_LOAD:
		return take_script(s, reply);
	case COMMAND_WAIT:
		return take_wait(s, reply);
	case COMMAND_TIME:
	case COMMAND_INDEX:
	case COMMAND_VALUES:
		return sync_take(&s->sync, command, reply, s->now);
	case COMMAND_PING:
		return reply_is_status(reply, "PONG") ? 0 : link_quote(&s->commands, "PING", reply_error(reply));
	case COMMAND_PUT:
	case COMMAND_SUBSCRIBE:
	case COMMAND_EPOCH:
	case COMMAND_PRIMARY:
		break;
	}
	return link_fail(&s->commands, "an unexpected reply");
}

/* link_take. */
static int
take_from_commands(void *arg, struct link *link, const redisReply *reply)
{
	struct session *s = arg;

	(void)link;
	if (take_command(s, reply))
		return -1;
	go_up(s);
	return 0;
}

/* ---- replies on the connection for events ------------------------------------------------------ */

static int
take_reply_there(struct session *s, const redisReply *reply)
{
	struct link *link = &s->events;
	enum command command;

	if (!link_first(link))
		return link_fail(link, "the server sent a reply to no command");
	command = link_first(link)->command;
	link_answered(link, s->now);
	if (command == COMMAND_AUTH)
		return take_login(link, reply);
	if (command == COMMAND_SUBSCRIBE && reply_is_subscribed(reply, s->keys.channel)) {
		s->subscribed = true;
		return 0;
	}
	if (command == COMMAND_PING && reply_is_pong(reply))
		return 0;
	return link_quote(link, "SUBSCRIBE", reply_error(reply));
}

/* link_take. */
static int
take_from_events(void *arg, struct link *link, const redisReply *reply)
{
	struct session *s = arg;
	struct share_message record;
	int is_event = s->subscribed ? reply_event(&record, reply, s->keys.channel) : 0;

	(void)link;
	if (is_event > 0 && !echoes_hear(&s->echoes, &record))
		outbox_event(s->out, &record);
	if (is_event) /* others may publish here, too */
		return 0;
	if (take_reply_there(s, reply))
		return -1;
	go_up(s);
	return 0;
}

/* ---- the parent's messages --------------------------------------------------------------------- */

bool
session_can_take(const struct session *s)
{
	return s->state != SESSION_UP || link_has_room(&s->commands, SHARE_BATCH + SESSION_OWN);
}

void
session_put(struct session *s, const struct share_message *put, uint64_t now)
{
	if (s->state != SESSION_UP || keys_put(&s->commands, &s->keys, s->sha, put, false, now)) {
		answer(s, put->ticket, SHARE_UNKNOWN);
		return;
	}
	echoes_put(&s->echoes, put);
	s->wait_is_due = s->wait_is_due || put->ticket;
}

void
session_resync(struct session *s, uint64_t now)
{
	if (s->state == SESSION_UP)
		sync_start(&s->sync, now);
}

/* ---- time -------------------------------------------------------------------------------------- */

static uint64_t
sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t
after(uint64_t since, uint64_t ms)
{
	return since == UINT64_MAX ? UINT64_MAX : since + ms;
}

static uint64_t
deadline(const struct session *s)
{
	uint64_t commands = after(link_since(&s->commands), DEAD_MSEC + (s->conf->replicas ? s->conf->wait_ms : 0));
	uint64_t events = after(link_since(&s->events), DEAD_MSEC);

	return sooner(s->state == SESSION_OPENING ? s->opened_at + DEAD_MSEC : UINT64_MAX, sooner(commands, events));
}

static int
ping(struct session *s)
{
	static const char *words[] = { "PING" };

	s->ping_at = s->now + PING_MSEC;
	return link_send(&s->commands, COMMAND_PING, 1, words, NULL, s->now) &&
		       link_send(&s->events, COMMAND_PING, 1, words, NULL, s->now)
		   ? 0
		   : -1;
}

/* One command for all tickets of a batch. */
static int
wait_for_replicas(struct session *s)
{
	bool due = s->wait_is_due && s->conf->replicas;

	s->wait_is_due = false;
	return due ? keys_wait(&s->commands, &s->keys, s->now) : 0;
}

uint64_t
session_tick(struct session *s, uint64_t now)
{
	s->now = now;
	if (s->state == SESSION_CLOSED)
		return UINT64_MAX;
	if (now >= deadline(s)) {
		session_close(s, link_silence(&s->commands));
		return now;
	}
	if (s->state == SESSION_UP)
		sync_resume(&s->sync, now);
	if ((s->state == SESSION_UP && now >= s->ping_at && ping(s)) || wait_for_replicas(s)) {
		session_close(s, "too many commands are unanswered");
		return now;
	}
	if (link_flush(&s->commands)) {
		session_close(s, s->commands.why);
		return now;
	}
	if (link_flush(&s->events)) {
		session_close(s, s->events.why);
		return now;
	}
	return sooner(deadline(s), s->state == SESSION_UP ? s->ping_at : UINT64_MAX);
}

/* The commands last: their replies come after the events that they have caused. */
void
session_move(struct session *s, short commands, short events, uint64_t now)
{
	s->now = now;
	if (s->state != SESSION_CLOSED && events && link_move(&s->events, events, take_from_events, s))
		session_close(s, s->events.why);
	if (s->state != SESSION_CLOSED && commands && link_move(&s->commands, commands, take_from_commands, s))
		session_close(s, s->commands.why);
}
