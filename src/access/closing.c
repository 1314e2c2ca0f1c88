/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "access/closing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "access/command.h"
#include "lib/timers.h"

/* Delay before the next try to start a stop command. */
#define RETRY_MSEC 10000

/* One door that is open for one client, from the knock until its stop command has ended. */
struct closing {
	struct timer timer; /* must be first: timers_due() returns it */
	struct closings *owner;
	struct closing *prev, *next;
	enum { OPENING, OPEN, CLOSING, CLOSED } state; /* CLOSED: the stop command is running */
	uint64_t journal_id;
	char *door;
	char *stop;
	char *who;
	struct addr ip;
	int64_t open_ms;       /* from the end of the start command; negative: no deadline */
	int64_t since_wall_ms; /* 0: not known */
	uint64_t number;       /* increases along the list */
};

struct closings {
	const struct log *log;
	struct commands *commands;
	struct journal *journal;
	struct timers timers;
	struct closing list; /* head of a ring */
	size_t n;
	uint64_t last_number;
};

/* ---- one closing ------------------------------------------------------------------------------- */

static void
forget(struct closing *c)
{
	timers_disarm(&c->owner->timers, &c->timer);
	c->prev->next = c->next;
	c->next->prev = c->prev;
	c->owner->n--;
	free(c->door);
	free(c->stop);
	free(c->who);
	free(c);
}

static struct closing *
add(struct closings *cs, const char *door, const char *stop, const struct addr *ip, const char *who)
{
	struct closing *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	*c = (struct closing){ .owner = cs,
			       .prev = cs->list.prev,
			       .next = &cs->list,
			       .door = strdup(door),
			       .stop = strdup(stop),
			       .who = strdup(who),
			       .ip = *ip,
			       .open_ms = -1,
			       .number = ++cs->last_number };
	c->prev->next = c->next->prev = c;
	cs->n++;
	if (!c->door || !c->stop || !c->who) {
		forget(c);
		return NULL;
	}
	return c;
}

static void
arm(struct closing *c, struct moment end)
{
	if (timers_arm(&c->owner->timers, &c->timer, (uint64_t)end.boot_ms))
		log_warn(c->owner->log, "%s: no memory for the deadline of its stop command", c->door);
}

/* The start command has ended, and the deadline counts from now. Negative: no deadline, as in 0.8. */
static void
opened(struct closing *c)
{
	struct moment end;

	c->state = OPEN;
	if (c->open_ms < 0)
		return;
	end = moment_after(moment_now(), c->open_ms);
	journal_move(c->owner->journal, c->journal_id, end);
	arm(c, end);
}

/* The start command did not run: the stop command would close another opening of this or another client. */
static void
call_off(struct closing *c)
{
	journal_end(c->owner->journal, c->journal_id);
	forget(c);
}

/* The stop command could not be started. */
static void
try_later(struct closing *c)
{
	c->state = OPEN;
	arm(c, moment_after(moment_now(), RETRY_MSEC));
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
			journal_end(c->owner->journal, c->journal_id);
		} else {
			try_later(c);
		}
		break;
	case CLOSED:
		forget(c);
		break;
	case OPEN:
		break;
	}
}

static void
close_door(struct closing *c)
{
	c->state = CLOSING;
	log_notice(c->owner->log, "%s: %s: command timeout", c->who, c->door);
	commands_run(c->owner->commands,
		     &(struct command){ .door = c->door, .text = c->stop, .ip = c->ip, .event = "close", .owner = c });
}

/* ---- all of them ------------------------------------------------------------------------------- */

static struct closing *
prepare(struct closings *cs, const struct opening *o)
{
	struct closing *c = add(cs, o->door, o->stop, &o->ip, o->who);
	struct journal_entry entry;

	if (!c) {
		log_warn(cs->log, "%s: no memory for its stop command: the start command does not run", o->door);
		return NULL;
	}
	c->state = OPENING;
	c->open_ms = o->seconds < 0 ? -1 : o->seconds * 1000;
	c->since_wall_ms = moment_now().wall_ms;
	/* opened() moves this end to count from the end of the start command; after a crash before that it stays */
	entry = (struct journal_entry){ .kind = JOURNAL_COMMAND,
					.door = c->door,
					.ip = c->ip,
					.text = c->stop,
					.since_wall_ms = c->since_wall_ms,
					.end = moment_after(moment_now(), o->seconds < 0 ? INT64_C(1000) * UINT32_MAX
											 : o->seconds * 1000) };
	c->journal_id = journal_add(cs->journal, &entry);
	return c;
}

void
closings_run(struct closings *cs, const struct opening *o)
{
	struct closing *c = NULL;

	if (o->stop && !(c = prepare(cs, o)))
		return;
	commands_run(cs->commands,
		     &(struct command){ .door = o->door, .text = o->start, .ip = o->ip, .event = "open", .owner = c });
}

/* ---- knockctl ---------------------------------------------------------------------------------- */

static bool
is_open(const struct closing *c)
{
	return c->state == OPENING || c->state == OPEN;
}

static bool
is_meant(const struct closing *c, const struct request_whom *whom)
{
	return is_open(c) && request_means(whom, &c->ip, c->door);
}

static struct closing_view
view(const struct closing *c)
{
	return (struct closing_view){ .door = c->door,
				      .ip = &c->ip,
				      .stop = c->stop,
				      .since_wall_ms = c->since_wall_ms,
				      .end_boot_ms = c->timer.slot ? (int64_t)c->timer.at : INT64_MAX };
}

uint64_t
closings_each(const struct closings *cs, uint64_t from, size_t max, closings_visit *visit, void *arg)
{
	uint64_t last = 0;

	for (const struct closing *c = cs->list.next; c != &cs->list; c = c->next) {
		struct closing_view each;

		if (c->number <= from || !is_open(c))
			continue;
		each = view(c);
		last = c->number;
		if (!visit(arg, &each) || !--max)
			return last;
	}
	return 0;
}

size_t
closings_count(const struct closings *cs)
{
	size_t n = 0;

	for (const struct closing *c = cs->list.next; c != &cs->list; c = c->next)
		n += is_open(c);
	return n;
}

bool
closings_reach(const struct closings *cs, const struct network *network)
{
	for (const struct closing *c = cs->list.next; c != &cs->list; c = c->next) {
		struct network let_in = network_around(&c->ip, 128);

		if (is_open(c) && network_overlaps(&let_in, network))
			return true;
	}
	return false;
}

size_t
closings_held(const struct closings *cs)
{
	return cs->n;
}

size_t
closings_close(struct closings *cs, const struct request_whom *whom)
{
	size_t n = 0;

	for (struct closing *c = cs->list.next; c != &cs->list; c = c->next) {
		if (!is_meant(c, whom))
			continue;
		n++;
		if (c->state == OPENING) {
			c->open_ms = 0;
		} else {
			timers_disarm(&cs->timers, &c->timer);
			close_door(c);
		}
	}
	return n;
}

/* False: it has no deadline. */
static bool
extend(struct closing *c, int64_t by_ms)
{
	struct moment now = moment_now(), end;
	int64_t left;

	if (c->state == OPENING) {
		if (c->open_ms < 0)
			return false;
		c->open_ms = c->open_ms + by_ms > 0 ? c->open_ms + by_ms : 0;
		return true;
	}
	if (!c->timer.slot)
		return false;
	left = (int64_t)c->timer.at - now.boot_ms + by_ms;
	end = moment_after(now, left > 0 ? left : 0);
	journal_move(c->owner->journal, c->journal_id, end);
	arm(c, end);
	return true;
}

size_t
closings_extend(struct closings *cs, const struct request_whom *whom, int64_t by_ms)
{
	size_t n = 0;

	for (struct closing *c = cs->list.next; c != &cs->list; c = c->next)
		if (is_meant(c, whom))
			n += extend(c, by_ms);
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
		close_door((struct closing *)timer);
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
	c->since_wall_ms = entry->since_wall_ms;
	arm(c, entry->end);
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

/* The journal does not have these doors, so they close now. */
static void
close_unremembered(struct closings *cs)
{
	bool any = false;

	for (struct closing *c = cs->list.next; c != &cs->list; c = c->next) {
		if (journal_keeps(cs->journal, c->journal_id))
			continue;
		any = true;
		if (c->state == OPENING || c->state == OPEN)
			close_door(c);
	}
	if (any)
		commands_start_all(cs->commands);
}

void
closings_free(struct closings *cs)
{
	if (!cs)
		return;
	close_unremembered(cs);
	commands_free(cs->commands);
	for (struct closing *c = cs->list.next, *next; c != &cs->list; c = next) {
		next = c->next;
		forget(c);
	}
	timers_free(&cs->timers);
	free(cs);
}
