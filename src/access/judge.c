/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "access/judge.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access/names.h"
#include "access/sharing.h"
#include "lib/duration.h"
#include "lib/limiter.h"
#include "lib/moment.h"
#include "lib/text.h"
#include "replay.h"
#include "signed/authorized.h"
#include "signed/knock1.h"
#include "signed/serverkey.h"
#include "signed/sshsig.h"

_Static_assert(ASK_USER_MAX == AUTHORIZED_USER_MAX, "a user's name fits");
_Static_assert(ASK_KEY_LEN == KNOCK1_ID_LEN, "... and the id of a key");
_Static_assert(EVENT_PLAIN_LEN == KNOCK1_PLAIN_LEN, "the event holds the plaintext");

/* Log lines about knocks without a good signature, which an insider can send at any rate. */
#define STRAY_BURST      10
#define STRAY_PER_SECOND 1

struct judge {
	const struct log *log;
	struct codes *codes;
	struct authorized users;
	struct replay replay;
	struct sharing *sharing;
	struct limiter strays;
	uint64_t unread; /* refusals that the log has not told of */
};

struct judge *
judge_new(const struct log *log, struct codes *codes)
{
	struct judge *judge = calloc(1, sizeof(*judge));

	if (!judge)
		return NULL;
	judge->log = log;
	judge->codes = codes;
	limiter_init(&judge->strays, STRAY_BURST, moment_boot_msec());
	return judge;
}

void
judge_share(struct judge *judge, struct sharing *sharing)
{
	if (judge)
		judge->sharing = sharing;
}

/* Not into the journal: after a start a counter must be above what the client's clock shows then. */
bool
judge_heard(struct judge *judge, const struct sharing_count *count)
{
	struct replay_key *state = NULL;

	if (judge && authorized_find(&judge->users, count->key))
		state = replay_key(&judge->replay, count->key);
	if (state)
		replay_raise(state, count->counter, count->reset);
	return state;
}

bool
judge_heard_reset(struct judge *judge, const struct sharing_count *count, const char *gateway)
{
	const struct authorized_key *key = judge ? authorized_find(&judge->users, count->key) : NULL;
	struct replay_key *state = key ? replay_key(&judge->replay, count->key) : NULL;

	if (!state)
		return false;
	if (count->reset <= state->reset)
		return true;
	replay_reset(&judge->replay, state, key->user, count->counter, count->reset, moment_now());
	log_notice(judge->log, "the number of the last knock of %s is taken back by gateway %s", key->user, gateway);
	return true;
}

void
judge_recall(const struct judge *judge)
{
	for (size_t i = 0; judge && i < judge->replay.n; i++) {
		const struct replay_key *state = &judge->replay.keys[i];
		struct sharing_count count = { .key = state->id,
					       .user = "",
					       .counter = state->counter,
					       .reset = replay_since(state, state->counter) };
		struct sharing_count reset = {
			.key = state->id, .user = "", .counter = state->taken_back, .reset = state->reset
		};

		if (count.counter)
			sharing_recall_counter(judge->sharing, &count);
		if (reset.counter)
			sharing_reset(judge->sharing, &reset);
	}
}

void
judge_free(struct judge *judge)
{
	if (!judge)
		return;
	authorized_free(&judge->users);
	replay_free(&judge->replay);
	free(judge);
}

bool
judge_take_up(struct judge *judge, const struct journal_entry *entry)
{
	return judge && replay_take_up(&judge->replay, entry);
}

void
judge_keep_in(struct judge *judge, struct journal *journal)
{
	if (judge)
		replay_begin(&judge->replay, journal, moment_now());
}

/* ---- the users' keys ---------------------------------------------------------------------------- */

struct reading {
	const struct log *log;
	const char *path;
};

/* authorized_report */
static void
tell(void *arg, int line, const char *text)
{
	const struct reading *reading = arg;

	if (line)
		log_warnx(reading->log, "%s: line %d: %s; the key does not count", reading->path, line, text);
	else
		log_warnx(reading->log, "%s: %s", reading->path, text);
}

/* names_report */
static void
warn(void *arg, const char *text)
{
	const struct reading *reading = arg;

	log_warnx(reading->log, "%s", text);
}

int
judge_read_users(struct judge *judge, int fd, uid_t owner, const struct conf *conf)
{
	struct authorized users;
	struct reading reading = { judge->log, conf->authorized_keys };

	if (authorized_read(&users, fd, owner, tell, &reading))
		return -1;
	authorized_free(&judge->users);
	judge->users = users;
	names_check(conf, &judge->users, warn, &reading);
	return 0;
}

/* ---- refusals ----------------------------------------------------------------------------------- */

/* A knock under judgement. */
struct trial {
	struct judge *judge;
	const struct conf *conf;
	const struct event *event;
	struct knock1_plain plain;
	struct knock1_statement statement;
	const struct authorized_key *key; /* NULL: not known yet */
	struct replay_key *state;
	const struct door *door; /* NULL: none of that name */
	struct moment now;
};

static void
put_refusal(const struct trial *t, const char *why)
{
	char ip[ADDR_STRLEN];

	log_notice(t->judge->log, "%s: %s: signed knock of %s refused: %s", addr_format(&t->event->source, ip),
		   t->door ? t->door->name : "?", t->key ? t->key->user : "an unknown key", why);
}

/* After the signature has been verified: at most as many as the engine passes on for one key. */
static enum judge_word __attribute__((format(printf, 2, 3))) refuse(const struct trial *t, const char *fmt, ...)
{
	char why[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	put_refusal(t, why);
	t->state->refused++;
	return JUDGE_REFUSED;
}

/* Before that: anybody who has the site key can cause these. */
static enum judge_word __attribute__((format(printf, 2, 3))) dismiss(const struct trial *t, const char *fmt, ...)
{
	struct judge *judge = t->judge;
	char why[256];
	va_list ap;

	if (t->state)
		t->state->refused++;
	if (!limiter_pass(&judge->strays, STRAY_BURST, STRAY_PER_SECOND, moment_boot_msec())) {
		judge->unread++;
		return JUDGE_REFUSED;
	}
	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	put_refusal(t, why);
	if (judge->unread)
		log_notice(judge->log, "%llu refusals of signed knocks were left out: too many at once",
			   (unsigned long long)judge->unread);
	judge->unread = 0;
	return JUDGE_REFUSED;
}

/* ---- is it new and genuine? ---------------------------------------------------------------------- */

/* A time for a message; of a negative one, how long. */
static const char *
how_long(int64_t ms, char buf[static 64])
{
	uint64_t whole = (uint64_t)(ms < 0 ? -ms : ms);

	return duration_format(whole < 1000 ? whole : whole / 1000 * 1000, buf, 64);
}

static bool
is_signed(const struct trial *t)
{
	const struct serverkeys *server = t->conf->server;

	for (size_t i = 0; server && i < server->n; i++)
		if (sshsig_verify(&t->key->key, server->at[i].site.public_key, &t->plain))
			return true;
	return false;
}

/* Does another gateway decide which knock is the first? */
static bool
is_claim(const struct trial *t)
{
	return t->door && t->door->share == SHARE_CLAIM && t->statement.action == KNOCK1_OPEN;
}

static const char hint[] = "knockctl users --reset forgives it once";

/* Puts the time into `off`; the verdict. */
static enum replay_verdict
date(const struct trial *t, char off[static 64])
{
	int64_t ms;
	enum replay_verdict verdict = replay_judge(&t->judge->replay, t->state, t->statement.counter, &t->event->source,
						   t->now, t->conf->max_ahead_ms, t->conf->max_age_ms, &ms);

	how_long(ms, off);
	return verdict;
}

static enum judge_word
unwritten(const struct trial *t)
{
	return refuse(t, "its counter could not be written to the disk: %s", strerror(errno));
}

/* JUDGE_OPEN: it is. */
static enum judge_word
authenticate(struct trial *t)
{
	char off[64], last[ADDR_STRLEN];
	enum replay_verdict verdict = date(t, off);

	switch (verdict) {
	case REPLAY_SAME:
		return dismiss(t, "the same knock has come from %s before: somebody repeats it",
			       addr_format(&t->state->ip, last));
	case REPLAY_OLD:
		return dismiss(t, "its counter is %s behind: a repetition, or the client's clock went back (%s)", off,
			       hint);
	case REPLAY_AHEAD:
		return dismiss(t, "its clock is %s ahead, more than Max_Ahead", off);
	case REPLAY_NEW:
	case REPLAY_BEHIND:
	case REPLAY_DISAGREE:
		break;
	}
	if (!is_signed(t))
		return dismiss(t, "the signature is wrong");
	if (verdict == REPLAY_BEHIND)
		return refuse(t,
			      "it is %s old, more than Max_Age: it was delayed, or the client's clock went back (%s)",
			      off, hint);
	if (verdict == REPLAY_DISAGREE) {
		if (replay_burn(&t->judge->replay, t->state, t->key->user, t->statement.counter, &t->event->source,
				t->conf->replay_sync))
			return unwritten(t);
		return refuse(
		    t,
		    "the clocks are %s apart, and must agree within %d s at the first knock of a key, or after "
		    "its reset",
		    off, REPLAY_AGREE_MSEC / 1000);
	}
	if (replay_advance(&t->judge->replay, t->state, t->key->user, t->statement.counter, &t->event->source, t->now,
			   t->conf->replay_sync))
		return unwritten(t);
	sharing_counted(t->judge->sharing,
			&(struct sharing_count){ .key = t->plain.key_id,
						 .user = t->key->user,
						 .counter = t->statement.counter,
						 .reset = replay_since(t->state, t->statement.counter) },
			is_claim(t));
	return JUDGE_OPEN;
}

/* ---- may the user do that? ----------------------------------------------------------------------- */

static const char *
judge_key(const struct trial *t)
{
	const struct authorized_key *key = t->key;

	if (key->key.fido && !key->no_touch && !(t->plain.fido_flags & SSHSIG_TOUCHED))
		return "the security key was not touched";
	if (key->verify && !(t->plain.fido_flags & SSHSIG_VERIFIED))
		return "the security key has not verified its user";
	if (key->expiry && t->now.wall_ms / 1000 >= key->expiry)
		return "the key has expired";
	if (!authorized_from(key, &t->event->source))
		return "not from this address, by the from of the key";
	return NULL;
}

static const char *
judge_door(const struct trial *t)
{
	const struct door *door = t->door;

	if (!door_has_user(door, t->key->user))
		return "not one of the door's users";
	if (!authorized_door(t->key, door->name))
		return "not one of the doors of the key";
	if (t->event->stage != door->seq.n)
		return door->seq.n > 1 ? "the ports before it were not hit, or it came to another door's port"
				       : "it came to another door's address";
	return NULL;
}

static const char *
judge_address(const struct trial *t)
{
	const struct knock1_statement *s = &t->statement;

	if (s->flags & KNOCK1_OTHER)
		return t->key->other_address ? NULL
					     : "for another address, which the key does not allow (other-address)";
	if (s->flags & KNOCK1_BOUND)
		return addr_equal(&s->address, &t->event->source) ? NULL : "signed for another address: it was relayed";
	return t->door->bound ? "the door wants a knock that names its address (bound): knock --address" : NULL;
}

static bool
has_port(const struct seq *ports, uint8_t proto, uint16_t port)
{
	for (size_t i = 0; i < ports->n; i++)
		if (ports->at[i].proto == proto && ports->at[i].port == port)
			return true;
	return false;
}

static struct addr
client_of(const struct trial *t)
{
	return t->statement.flags & KNOCK1_OTHER ? t->statement.address : t->event->source;
}

/* Does the door grant elements that are for any port? */
static bool
grants_any_port(const struct trial *t, enum conf_family family)
{
	const struct element_list *grants = door_elements(t->door, DOOR_GRANTS, family);

	for (size_t i = 0; i < grants->n; i++)
		if (!element_wants_port(&grants->at[i]))
			return true;
	return false;
}

/* Of what a door does, a key with ports gets only what can be kept to one of them. */
static const char *
judge_port(const struct trial *t)
{
	const struct knock1_statement *s = &t->statement;
	struct addr ip = client_of(t);
	enum conf_family family = door_family(&ip);
	bool has_command = door_start_command(t->door, family), limited = t->key->ports.n;

	if (limited && grants_any_port(t, family))
		return "the door opens more than the ports of the key";
	if (!s->port)
		return door_wants_port(t->door) || (limited && has_command) ? "it must name a port: knock --port"
									    : NULL;
	if (t->door->open.n ? !has_port(&t->door->open, s->proto, s->port) : !door_wants_port(t->door) && !has_command)
		return "the door does not open the port that was asked for";
	return authorized_port(t->key, s->proto, s->port) ? NULL : "not one of the ports of the key";
}

/* Last: a code that counts is used up. */
static const char *
judge_code(const struct trial *t)
{
	if (!t->key->totp)
		return NULL;
	if (!(t->statement.flags & KNOCK1_TOTP))
		return "the key needs a code beside it: knock --totp";
	return codes_confirm(t->judge->codes, t->conf, t->key->user, t->statement.totp, &t->event->source);
}

/* ---- the request --------------------------------------------------------------------------------- */

/* The time of an access without a request. 0: it has no end, or the set decides. */
static uint64_t
own_time(const struct door *door, enum conf_family family)
{
	const struct element_list *grants = door_elements(door, DOOR_GRANTS, family);

	if (door->open.n)
		return door->open_timeout_ms;
	if (grants->n)
		return grants->at[0].timeout_ms;
	return door->cmd_timeout > 0 ? (uint64_t)door->cmd_timeout * 1000 : 0;
}

static uint64_t
least(uint64_t a, uint64_t b)
{
	return !a || (b && b < a) ? b : a;
}

/* A request for more time than is allowed gets what is allowed. 0: the door's own time. */
static uint64_t
time_for(const struct trial *t, enum conf_family family)
{
	uint64_t own = own_time(t->door, family), wanted = (uint64_t)t->statement.seconds * 1000;
	uint64_t user = (uint64_t)t->key->max_seconds * 1000;
	uint64_t most = least(t->door->max_time_ms ? t->door->max_time_ms : own, user);

	if (!wanted)
		return user && (!own || user < own) ? user : 0;
	return least(wanted, most);
}

static void
fill(const struct trial *t, struct judge_verdict *v)
{
	const struct knock1_statement *s = &t->statement;

	*v = (struct judge_verdict){ .door = (uint32_t)(t->door - t->conf->doors), .ip = client_of(t) };
	v->ask = (struct ask){ .port = { .port = s->port, .proto = s->proto }, .ports = t->key->ports };
	v->ask.time_ms = time_for(t, door_family(&v->ip));
	text_copy(v->ask.user, sizeof(v->ask.user), t->key->user);
	memcpy(v->ask.key, t->plain.key_id, sizeof(v->ask.key));
	v->ask.counter = s->counter;
	v->ask.reset = replay_since(t->state, s->counter);
}

static enum judge_word
grant(const struct trial *t, struct judge_verdict *verdict)
{
	char ip[ADDR_STRLEN];

	fill(t, verdict);
	switch (t->statement.action) {
	case KNOCK1_OPEN:
	case KNOCK1_ACTIONS:
		break;
	case KNOCK1_CLOSE:
		return JUDGE_CLOSE;
	case KNOCK1_PROBE:
		log_notice(t->judge->log, "%s: %s: signed knock of %s would open the door",
			   addr_format(&t->event->source, ip), t->door->name, t->key->user);
		return JUDGE_PROBE;
	}
	return JUDGE_OPEN;
}

/* ---- all of it ----------------------------------------------------------------------------------- */

/* The door that the engine tells of, if the statement says the same: names are unique, see conf/check.c. */
static const struct door *
find_door(const struct conf *conf, uint32_t number, const uint8_t id[static KNOCK1_ID_LEN])
{
	uint8_t other[KNOCK1_ID_LEN];

	if (number >= conf->n_doors || !seq_auth(&conf->doors[number].seq))
		return NULL;
	knock1_door_id(conf->doors[number].name, other);
	return memcmp(other, id, KNOCK1_ID_LEN) ? NULL : &conf->doors[number];
}

static void
look_up(struct trial *t)
{
	t->key = authorized_find(&t->judge->users, t->plain.key_id);
	t->state = t->key ? replay_key(&t->judge->replay, t->key->id) : NULL;
	t->door = find_door(t->conf, t->event->door, t->statement.door);
}

enum judge_word
judge_decide(struct judge *judge, const struct conf *conf, const struct event *event, struct judge_verdict *verdict)
{
	struct trial t = { .judge = judge, .conf = conf, .event = event, .now = moment_now() };
	const char *why;

	if (!judge)
		return JUDGE_REFUSED;
	if (knock1_read_plain(&t.plain, event->plain) || knock1_read_statement(&t.statement, t.plain.statement))
		return dismiss(&t, "it makes no sense");
	look_up(&t);
	if (!t.key)
		return dismiss(&t, "no line of %s has the key",
			       conf->authorized_keys ? conf->authorized_keys : "a file");
	if (!t.state)
		return dismiss(&t, "out of memory");
	if (authenticate(&t) != JUDGE_OPEN)
		return JUDGE_REFUSED;
	why = judge_key(&t);
	if (!why && !t.door)
		why = "no door of that name is opened by signed knocks";
	if (why || (why = judge_door(&t)) || (why = judge_address(&t)) || (why = judge_port(&t)) ||
	    (why = judge_code(&t)))
		return refuse(&t, "%s", why);
	return grant(&t, verdict);
}

/* ---- for knockctl -------------------------------------------------------------------------------- */

static const struct replay_key *
state_of(const struct judge *judge, const struct authorized_key *key)
{
	for (size_t i = 0; i < judge->replay.n; i++)
		if (!memcmp(judge->replay.keys[i].id, key->id, sizeof(key->id)))
			return &judge->replay.keys[i];
	return NULL;
}

size_t
judge_each(const struct judge *judge, size_t from, judge_visit *visit, void *arg)
{
	for (size_t i = from; judge && i < judge->users.n; i++) {
		const struct authorized_key *key = &judge->users.at[i];
		const struct replay_key *state = state_of(judge, key);
		char print[SSHKEY_PRINT_LEN];
		struct judge_user user = { .name = key->user,
					   .key = sshkey_print(&key->key, print),
					   .line = key->line,
					   .last_wall_ms = state ? state->wall_ms : 0,
					   .ip = state && state->wall_ms ? &state->ip : NULL,
					   .refused = state ? state->refused : 0,
					   .expired = key->expiry && moment_now().wall_ms / 1000 >= key->expiry };

		if (!visit(arg, &user))
			return i + 1;
	}
	return 0;
}

/* No counter that has been accepted is above: Max_Ahead by this machine's clock. */
static void
reset(struct judge *judge, const struct conf *conf, const struct authorized_key *key, struct replay_key *state)
{
	struct moment now = moment_now();
	uint64_t time = sharing_time(judge->sharing), up_to = ((uint64_t)now.wall_ms + conf->max_ahead_ms) * 1000;

	if (up_to < replay_highest(state))
		up_to = replay_highest(state);
	replay_reset(&judge->replay, state, key->user, up_to, time > state->reset ? time : state->reset + 1, now);
	sharing_reset(judge->sharing,
		      &(struct sharing_count){
			  .key = state->id, .user = key->user, .counter = state->taken_back, .reset = state->reset });
}

size_t
judge_reset(struct judge *judge, const struct conf *conf, const char *user)
{
	size_t n = 0;

	for (size_t i = 0; judge && i < judge->users.n; i++) {
		const struct authorized_key *key = &judge->users.at[i];
		struct replay_key *state = strcmp(key->user, user) ? NULL : replay_key(&judge->replay, key->id);

		if (!state)
			continue;
		reset(judge, conf, key, state);
		n++;
	}
	return n;
}
