/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "access/closing.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "access/command.h"
#include "lib/siphash.h"
#include "lib/timers.h"

/* Delay before the next try to start a stop command. */
#define RETRY_MSEC 10000

/* At the daemon's end: how long it waits until stop commands that are in no journal have started, and for one child. */
#define LAST_MSEC  10000
#define CHILD_MSEC 50

#define BUCKETS 4096

/* One start command and the stop command that it needs, from the knock until the stop command has ended. */
struct closing {
	struct access *access;
	struct closing *next;                          /* of the access */
	enum { OPENING, OPEN, CLOSING, CLOSED } state; /* CLOSED: the stop command is running */
	uint64_t journal_id;
	int64_t open_ms; /* from the end of the start command; negative: no deadline */
};

/*
 * One door that is open for one client. A further knock is one more closing and moves the deadline of all: each start
 * command needs its stop command, because many add a rule with each knock.
 */
struct access {
	struct timer timer; /* must be first: timers_due() returns it */
	struct closings *owner;
	struct access *prev, *next;
	struct access *chain; /* of the bucket */
	struct closing *closings;
	char *door;
	char *stop;
	char *who;
	char *user; /* of the last signed knock; NULL: none */
	uint16_t port;
	struct addr ip;
	int64_t since_wall_ms; /* 0: not known */
	uint64_t number;       /* increases along the list */
	bool over;             /* the deadline is: the stop commands run, one after another */
};

struct closings {
	const struct log *log;
	struct commands *commands;
	struct journal *journal;
	struct timers timers;
	struct access list; /* head of a ring */
	struct access *buckets[BUCKETS];
	size_t n; /* closings */
	uint64_t last_number;
};

/* ---- accesses ---------------------------------------------------------------------------------- */

static struct access **
bucket_of(struct closings *cs, const struct addr *ip)
{
	static const uint8_t no_secret[16]; /* only clients that know a sequence choose addresses */

	return &cs->buckets[siphash(no_secret, ip->bytes, sizeof(ip->bytes)) & (BUCKETS - 1)];
}

/* Several doors may have one name, and a reload may change the command: then it is another access. */
static struct access *
find_access(struct closings *cs, const char *door, const char *stop, const struct addr *ip)
{
	struct access *a = *bucket_of(cs, ip);

	while (a && (!addr_equal(&a->ip, ip) || strcmp(a->door, door) || strcmp(a->stop, stop)))
		a = a->chain;
	return a;
}

static void
free_texts(struct access *a)
{
	free(a->door);
	free(a->stop);
	free(a->who);
	free(a->user);
	free(a);
}

static void
free_access(struct access *a)
{
	struct access **link = bucket_of(a->owner, &a->ip);

	timers_disarm(&a->owner->timers, &a->timer);
	while (*link != a)
		link = &(*link)->chain;
	*link = a->chain;
	a->prev->next = a->next;
	a->next->prev = a->prev;
	free_texts(a);
}

static struct access *
add_access(struct closings *cs, const char *door, const char *stop, const struct addr *ip, const char *who)
{
	struct access *a = calloc(1, sizeof(*a)), **bucket = bucket_of(cs, ip);

	if (!a)
		return NULL;
	*a = (struct access){ .owner = cs, .door = strdup(door), .stop = strdup(stop), .who = strdup(who), .ip = *ip };
	if (!a->door || !a->stop || !a->who) {
		free_texts(a);
		return NULL;
	}
	a->number = ++cs->last_number;
	a->prev = cs->list.prev;
	a->next = &cs->list;
	a->prev->next = a->next->prev = a;
	a->chain = *bucket;
	*bucket = a;
	return a;
}

static void
arm(struct access *a, struct moment end)
{
	if (timers_arm(&a->owner->timers, &a->timer, (uint64_t)end.boot_ms))
		log_warn(a->owner->log, "%s: no memory for the deadline of its stop command", a->door);
}

static void
arm_at_least(struct access *a, struct moment end)
{
	if (!a->timer.slot || a->timer.at < (uint64_t)end.boot_ms)
		arm(a, end);
}

static bool
any_open(const struct closing *c)
{
	while (c && c->state != OPENING && c->state != OPEN)
		c = c->next;
	return c;
}

static bool
is_open(const struct access *a)
{
	return any_open(a->closings);
}

/* ---- one closing ------------------------------------------------------------------------------- */

static void
forget(struct closing *c)
{
	struct access *a = c->access;
	struct closing **link = &a->closings;

	while (*link != c)
		link = &(*link)->next;
	*link = c->next;
	a->owner->n--;
	free(c);
	if (!a->closings)
		free_access(a);
}

/* NULL: no memory. */
static struct closing *
add(struct closings *cs, const char *door, const char *stop, const struct addr *ip, const char *who)
{
	struct access *a = find_access(cs, door, stop, ip);
	struct closing *c;

	if (!a)
		a = add_access(cs, door, stop, ip, who);
	if (!a)
		return NULL;
	c = calloc(1, sizeof(*c));
	if (!c) {
		if (!a->closings)
			free_access(a);
		return NULL;
	}
	*c = (struct closing){ .access = a, .next = a->closings, .open_ms = -1 };
	a->closings = c;
	cs->n++;
	return c;
}

/* The start command has ended, and the deadline counts from now. Negative: no deadline, as in 0.8. */
static void
opened(struct closing *c)
{
	struct access *a = c->access;
	struct moment end;

	c->state = OPEN;
	a->over = false;
	if (c->open_ms < 0) {
		timers_disarm(&a->owner->timers, &a->timer);
		return;
	}
	end = moment_after(moment_now(), c->open_ms);
	journal_move(a->owner->journal, c->journal_id, end);
	arm_at_least(a, end);
}

/* The start command did not run: the stop command would close another opening of this or another client. */
static void
call_off(struct closing *c)
{
	journal_end(c->access->owner->journal, c->journal_id);
	forget(c);
}

/* The stop command could not be started. */
static void
try_later(struct closing *c)
{
	c->state = OPEN;
	arm_at_least(c->access, moment_after(moment_now(), RETRY_MSEC));
}

/* The stop command has ended. The next one runs at the next tick: an owner runs no command while it hears news. */
static void
closed(struct closing *c)
{
	struct access *a = c->access;

	if (a->over && is_open(a))
		arm(a, moment_now());
	forget(c);
}

/*
 * command_news. The journal's entry ends when the stop command starts: running it again after a restart could shut out
 * a client that has knocked again.
 */
static void
take_news(void *owner, enum command_state news)
{
	struct closing *c = owner;

	switch (c->state) {
	case OPENING:
		if (news == COMMAND_ENDED)
			opened(c);
		else if (news == COMMAND_DROPPED)
			call_off(c);
		break;
	case CLOSING:
		if (news == COMMAND_STARTED) {
			c->state = CLOSED;
			journal_end(c->access->owner->journal, c->journal_id);
		} else {
			try_later(c);
		}
		break;
	case CLOSED:
		closed(c);
		break;
	case OPEN:
		break;
	}
}

static void
close_one(struct closing *c)
{
	const struct access *a = c->access;

	c->state = CLOSING;
	log_notice(a->owner->log, "%s: %s: command timeout", a->who, a->door);
	commands_run(a->owner->commands, &(struct command){ .door = a->door,
							    .text = a->stop,
							    .user = a->user,
							    .port = a->port,
							    .seconds = -1,
							    .ip = a->ip,
							    .event = "close",
							    .owner = c });
}

static bool
is_closing(const struct access *a)
{
	const struct closing *c = a->closings;

	while (c && c->state != CLOSING && c->state != CLOSED)
		c = c->next;
	return c;
}

/*
 * One stop command at a time: of two that delete one of two equal rules, both may choose the same one, and the other
 * rule stays. A start command that is still running goes first: opened() sets a deadline.
 */
static void
close_door(struct access *a)
{
	struct closing *c = a->closings;

	a->over = true;
	if (is_closing(a))
		return;
	while (c && c->state != OPEN)
		c = c->next;
	if (c)
		close_one(c);
}

/* ---- all of them ------------------------------------------------------------------------------- */

static struct closing *
prepare(struct closings *cs, const struct opening *o)
{
	struct closing *c = add(cs, o->door, o->stop, &o->ip, o->who);
	struct moment now = moment_now();
	struct journal_entry entry;
	struct access *a;

	if (!c) {
		log_warn(cs->log, "%s: no memory for its stop command: the start command does not run", o->door);
		return NULL;
	}
	a = c->access;
	free(a->user);
	a->user = o->user ? strdup(o->user) : NULL; /* without memory the stop command lacks it */
	a->port = o->port;
	c->state = OPENING;
	c->open_ms = o->seconds < 0 ? -1 : o->seconds * 1000;
	if (!any_open(c->next))
		a->since_wall_ms = now.wall_ms;
	/* opened() moves this end to count from the end of the start command; after a crash before that it stays */
	entry = (struct journal_entry){ .kind = JOURNAL_COMMAND,
					.door = a->door,
					.ip = a->ip,
					.text = a->stop,
					.since_wall_ms = now.wall_ms,
					.end = moment_after(now, o->seconds < 0 ? INT64_C(1000) * UINT32_MAX
										: o->seconds * 1000) };
	c->journal_id = journal_add(cs->journal, &entry);
	if (a->timer.slot)
		arm_at_least(a, entry.end);
	return c;
}

void
closings_run(struct closings *cs, const struct opening *o)
{
	struct closing *c = NULL;

	if (o->stop && !(c = prepare(cs, o)))
		return;
	commands_run(cs->commands, &(struct command){ .door = o->door,
						      .text = o->start,
						      .user = o->user,
						      .port = o->port,
						      .seconds = o->stop ? o->seconds : -1,
						      .ip = o->ip,
						      .event = "open",
						      .owner = c });
}

/* ---- knockctl ---------------------------------------------------------------------------------- */

static bool
is_meant(const struct access *a, const struct request_whom *whom)
{
	return is_open(a) && request_means(whom, &a->ip, a->door);
}

static struct closing_view
view(const struct access *a)
{
	return (struct closing_view){ .door = a->door,
				      .ip = &a->ip,
				      .stop = a->stop,
				      .since_wall_ms = a->since_wall_ms,
				      .end_boot_ms = a->timer.slot ? (int64_t)a->timer.at : INT64_MAX };
}

uint64_t
closings_each(const struct closings *cs, uint64_t from, size_t max, closings_visit *visit, void *arg)
{
	uint64_t last = 0;

	for (const struct access *a = cs->list.next; a != &cs->list; a = a->next) {
		struct closing_view each;

		if (a->number <= from || !is_open(a))
			continue;
		each = view(a);
		last = a->number;
		if (!visit(arg, &each) || !--max)
			return last;
	}
	return 0;
}

size_t
closings_count(const struct closings *cs)
{
	size_t n = 0;

	for (const struct access *a = cs->list.next; a != &cs->list; a = a->next)
		n += is_open(a);
	return n;
}

bool
closings_reach(const struct closings *cs, const struct network *network)
{
	for (const struct access *a = cs->list.next; a != &cs->list; a = a->next) {
		struct network let_in = network_around(&a->ip, 128);

		if (is_open(a) && network_overlaps(&let_in, network))
			return true;
	}
	return false;
}

size_t
closings_held(const struct closings *cs)
{
	return cs->n;
}

static void
close_now(struct access *a)
{
	timers_disarm(&a->owner->timers, &a->timer);
	for (struct closing *c = a->closings; c; c = c->next)
		if (c->state == OPENING)
			c->open_ms = 0;
	close_door(a);
}

size_t
closings_close(struct closings *cs, const struct request_whom *whom)
{
	size_t n = 0;

	for (struct access *a = cs->list.next; a != &cs->list; a = a->next) {
		if (!is_meant(a, whom))
			continue;
		n++;
		close_now(a);
	}
	return n;
}

/* All entries of the journal get the new end: the next start takes the latest of them. */
static void
extend_opened(struct access *a, int64_t by_ms)
{
	struct moment now = moment_now(), end;
	int64_t left = (int64_t)a->timer.at - now.boot_ms + by_ms;

	end = moment_after(now, left > 0 ? left : 0);
	arm(a, end);
	for (const struct closing *c = a->closings; c; c = c->next)
		if (c->state == OPEN)
			journal_move(a->owner->journal, c->journal_id, end);
}

/* False: it has no deadline. */
static bool
extend(struct access *a, int64_t by_ms)
{
	bool any = a->timer.slot;

	if (any)
		extend_opened(a, by_ms);
	for (struct closing *c = a->closings; c; c = c->next) {
		if (c->state != OPENING || c->open_ms < 0)
			continue;
		c->open_ms = c->open_ms + by_ms > 0 ? c->open_ms + by_ms : 0;
		any = true;
	}
	return any;
}

size_t
closings_extend(struct closings *cs, const struct request_whom *whom, int64_t by_ms)
{
	size_t n = 0;

	for (struct access *a = cs->list.next; a != &cs->list; a = a->next)
		if (is_meant(a, whom))
			n += extend(a, by_ms);
	return n;
}

/* ---- the loop ---------------------------------------------------------------------------------- */

bool
closings_reaped(struct closings *cs, pid_t pid, int status)
{
	return commands_reaped(cs->commands, pid, status);
}

void
closings_tick(struct closings *cs, uint64_t now)
{
	struct timer *timer;

	while ((timer = timers_due(&cs->timers, now)))
		close_door((struct access *)timer);
}

uint64_t
closings_next(const struct closings *cs)
{
	return timers_next(&cs->timers);
}

/* ---- start and end ----------------------------------------------------------------------------- */

void
closings_keep_in(struct closings *cs, struct journal *journal)
{
	cs->journal = journal;
}

void
closings_take_up(struct closings *cs, const char *door, const struct journal_entry *entry)
{
	char who[ADDR_STRLEN];
	struct closing *c = add(cs, door, entry->text, &entry->ip, addr_format(&entry->ip, who));

	if (!c) {
		log_warn(cs->log, "%s: no memory for its stop command", door);
		return;
	}
	c->state = OPEN;
	c->journal_id = entry->id;
	if (!c->access->since_wall_ms)
		c->access->since_wall_ms = entry->since_wall_ms;
	arm_at_least(c->access, entry->end);
}

struct closings *
closings_new(const struct log *log, unsigned max_commands)
{
	struct closings *cs = calloc(1, sizeof(*cs));

	if (!cs)
		return NULL;
	cs->log = log;
	cs->list.prev = cs->list.next = &cs->list;
	cs->commands = commands_new(log, max_commands, take_news);
	if (!cs->commands) {
		free(cs);
		errno = ENOMEM;
		return NULL;
	}
	return cs;
}

static bool
is_lost(const struct closing *c)
{
	return !journal_keeps(c->access->owner->journal, c->journal_id);
}

/* One at a time, as close_door(). False: the stop commands of all that the journal does not have have started. */
static bool
close_lost(struct access *a)
{
	struct closing *next = NULL;
	bool any = false;

	for (struct closing *c = a->closings; c; c = c->next) {
		if (c->state == CLOSED || !is_lost(c))
			continue;
		any = true;
		if (c->state == OPEN)
			next = c;
	}
	if (next && !is_closing(a))
		close_one(next);
	return any;
}

/* False: all have started. */
static bool
close_all_lost(struct closings *cs)
{
	bool any = false;

	for (struct access *a = cs->list.next, *next; a != &cs->list; a = next) {
		next = a->next;
		any |= close_lost(a);
	}
	return any;
}

static void
wait_for_child(struct closings *cs)
{
	const struct timespec most = { .tv_nsec = CHILD_MSEC * 1000000 };
	sigset_t child;
	int status;
	pid_t pid;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigtimedwait(&child, NULL, &most);
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		commands_reaped(cs->commands, pid, status);
}

/* A command has hung: the others start at once, because an open door is worse. */
static void
start_lost(struct closings *cs)
{
	for (struct access *a = cs->list.next; a != &cs->list; a = a->next) {
		for (struct closing *c = a->closings; c; c = c->next)
			if (is_lost(c) && (c->state == OPENING || c->state == OPEN))
				close_one(c);
		commands_start_all(cs->commands);
	}
}

/* The journal does not have these doors, so they close now. */
static void
close_before_end(struct closings *cs)
{
	int64_t end = moment_now().boot_ms + LAST_MSEC;

	while (close_all_lost(cs)) {
		if (moment_now().boot_ms >= end) {
			start_lost(cs);
			return;
		}
		wait_for_child(cs);
	}
}

static void
free_all(struct access *a)
{
	for (struct closing *c = a->closings, *next; c; c = next) {
		next = c->next;
		free(c);
	}
	free_access(a);
}

void
closings_free(struct closings *cs)
{
	if (!cs)
		return;
	close_before_end(cs);
	commands_free(cs->commands);
	for (struct access *a = cs->list.next, *next; a != &cs->list; a = next) {
		next = a->next;
		free_all(a);
	}
	timers_free(&cs->timers);
	free(cs);
}
