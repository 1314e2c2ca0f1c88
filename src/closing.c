/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "closing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "timers.h"

/* When a stop command that could not be started is tried again. */
#define RETRY_MSEC 10000

/* One door that is open for one knocker, from the knock until its stop command has ended. */
struct closing {
	struct timer	 timer; /* first: the heap gives it back */
	struct closings *owner;
	struct closing	*prev, *next;
	enum { OPENING, OPEN, CLOSING, CLOSED } state; /* CLOSED: the stop command is running */
	char	   *door;
	char	   *stop;
	char	   *who;
	struct addr ip;
	int64_t	    seconds;
};

struct closings {
	const struct log *log;
	struct commands	 *commands;
	struct timers	  timers;
	struct closing	  list; /* ring with this as its anchor */
};

/* ---- one closing ------------------------------------------------------------------------------- */

static void
forget(struct closing *c)
{
	timers_disarm(&c->owner->timers, &c->timer);
	c->prev->next = c->next;
	c->next->prev = c->prev;
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
	*c = (struct closing){ .owner = cs, .prev = cs->list.prev, .next = &cs->list, .door = strdup(door),
			       .stop = strdup(stop), .who = strdup(who), .ip = *ip };
	c->prev->next = c->next->prev = c;
	if (!c->door || !c->stop || !c->who) {
		forget(c);
		return NULL;
	}
	return c;
}

static void
arm(struct closing *c, uint64_t msec)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	if (timers_arm(&c->owner->timers, &c->timer, (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000 + msec))
		log_warn(c->owner->log, "%s: no memory for the deadline of its stop command", c->door);
}

/* The start command has ended; from here the time runs. Negative: knockd slept for decades, and so do we. */
static void
opened(struct closing *c)
{
	c->state = OPEN;
	if (c->seconds >= 0)
		arm(c, (uint64_t)c->seconds * 1000);
}

/* A stop command that could not be started is not lost: it is tried again. */
static void
try_later(struct closing *c)
{
	c->state = OPEN;
	arm(c, RETRY_MSEC);
}

/* command_news */
static void
take_news(void *owner, enum command_state news)
{
	struct closing *c = owner;

	switch (c->state) {
	case OPENING:
		if (news == COMMAND_ENDED)
			opened(c);
		break;
	case CLOSING:
		if (news == COMMAND_ENDED)
			try_later(c);
		else
			c->state = CLOSED;
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
	commands_run(c->owner->commands, &(struct command){ .door = c->door, .text = c->stop, .ip = c->ip,
							    .event = "close", .owner = c });
}

/* ---- all of them ------------------------------------------------------------------------------- */

static struct closing *
prepare(struct closings *cs, const struct opening *o)
{
	struct closing *c = add(cs, o->door, o->stop, &o->ip, o->who);

	if (!c) {
		log_warn(cs->log, "%s: no memory for its stop command: the start command does not run", o->door);
		return NULL;
	}
	c->state = OPENING;
	c->seconds = o->seconds;
	return c;
}

void
closings_run(struct closings *cs, const struct opening *o)
{
	struct closing *c = NULL;

	if (o->stop && !(c = prepare(cs, o)))
		return;
	commands_run(cs->commands, &(struct command){ .door = o->door, .text = o->start, .ip = o->ip,
						      .event = "open", .owner = c });
}

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

/* Nobody will remember these doors, so they close now. */
static void
close_all(struct closings *cs)
{
	for (struct closing *c = cs->list.next; c != &cs->list; c = c->next)
		if (c->state != CLOSED)
			close_door(c);
}

void
closings_free(struct closings *cs)
{
	if (!cs)
		return;
	close_all(cs);
	commands_start_all(cs->commands);
	commands_free(cs->commands);
	while (cs->list.next != &cs->list)
		forget(cs->list.next);
	timers_free(&cs->timers);
	free(cs);
}
