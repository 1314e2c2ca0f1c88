/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "claims.h"

#include <stdlib.h>
#include <string.h>

#include "intake.h"
#include "lib/moment.h"
#include "lib/onetime.h"
#include "opening.h"
#include "wire/capture.h"

/* Under way at a time: at 0.3 ms each far more than clients ever cause. Any further one gets no answer. */
#define CLAIMS_MAX 256

/* An opening that waits for its answer. */
struct claim {
	uint64_t ticket; /* 0: free */
	uint64_t deadline;
	struct event event;
	struct ask ask;
	bool is_signed;
	bool is_one_time;
	pid_t engine; /* that has told of it; it goes on to the next sequence by itself */
	struct seq sequence;
};

/* A courier may answer in any order, so there may be more than claims under way: the last one gathers the rest. */
#define HELD_MAX (CLAIMS_MAX + 1)

/* Verdicts that wait for the claims up to this one. */
struct held_verdicts {
	uint64_t ticket;
	struct event last[CAPTURE_WAYS]; /* kind 0: none of this queue */
};

struct claims {
	struct claim at[CLAIMS_MAX];
	struct held_verdicts held[HELD_MAX];
	size_t n_held;
	uint64_t newest; /* ticket */
};

static struct claim *
find(const struct daemon *d, uint64_t ticket)
{
	for (size_t i = 0; d->claims && i < CLAIMS_MAX; i++)
		if (d->claims->at[i].ticket == ticket)
			return &d->claims->at[i];
	return NULL;
}

/* Is there one up to this ticket? */
static bool
any_up_to(const struct daemon *d, uint64_t ticket)
{
	for (size_t i = 0; d->claims && i < CLAIMS_MAX; i++)
		if (d->claims->at[i].ticket && d->claims->at[i].ticket <= ticket)
			return true;
	return false;
}

/* ---- verdicts ------------------------------------------------------------------------------------ */

static void
give(struct daemon *d, const struct held_verdicts *held)
{
	struct event events[CAPTURE_WAYS];
	size_t n = 0;

	for (size_t i = 0; i < CAPTURE_WAYS; i++)
		if (held->last[i].kind == EVENT_DEALT_WITH)
			events[n++] = held->last[i];
	intake_give_verdicts(d, events, n);
}

static void
give_due(struct daemon *d)
{
	struct claims *c = d->claims;
	size_t n = 0;

	while (c && n < c->n_held && !any_up_to(d, c->held[n].ticket))
		give(d, &c->held[n++]);
	if (!n)
		return;
	c->n_held -= n;
	memmove(c->held, c->held + n, c->n_held * sizeof(*c->held));
}

static void
hold(struct claims *c, const struct event *event)
{
	struct held_verdicts *held = c->n_held ? &c->held[c->n_held - 1] : NULL;

	if (!held || (held->ticket != c->newest && c->n_held < HELD_MAX)) {
		held = &c->held[c->n_held++];
		*held = (struct held_verdicts){ .ticket = 0 };
	}
	held->ticket = c->newest;
	held->last[event->stage] = *event;
}

void
claims_give_verdicts(struct daemon *d, const struct event *events, size_t n)
{
	if (!any_up_to(d, UINT64_MAX)) {
		intake_give_verdicts(d, events, n);
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (events[i].kind == EVENT_DEALT_WITH)
			hold(d->claims, &events[i]);
}

/* ---- decisions ----------------------------------------------------------------------------------- */

/* An engine that was started while the claim was under way expects the sequence that is used up now. */
static void
renew_engine(struct daemon *d, const struct claim *claim)
{
	if (!claim->is_one_time || !d->engine.child.pid || d->engine.child.pid == claim->engine)
		return;
	d->conf->doors[claim->event.door].engine_ahead = true;
	d->engine.ahead = true;
}

static void
open_door(struct daemon *d, const struct claim *claim)
{
	const struct ask *ask = claim->is_signed ? &claim->ask : NULL;

	opening_act(d, &claim->event, &ask, 1);
	renew_engine(d, claim);
}

static void
log_refused(struct daemon *d, const struct event *event, const char *why)
{
	char ip[ADDR_STRLEN];

	admin_refused(d->admin, event);
	log_notice(&d->log, "%s: %s: refused: %s", addr_format(&event->source, ip), d->conf->doors[event->door].name,
		   why);
}

static void
refuse(struct daemon *d, const struct event *event, const char *why)
{
	struct door *door = &d->conf->doors[event->door];

	log_refused(d, event, why);
	if (!door->one_time_path)
		return;
	door->engine_ahead = true;
	d->engine.ahead = true;
}

/* The daemon watches the file, and goes on to the next sequence. */
static void
mark_used(struct daemon *d, const struct claim *claim)
{
	const struct door *door = &d->conf->doors[claim->event.door];

	if (claim->is_one_time && onetime_mark(door->one_time_path, &claim->sequence))
		log_warn(&d->log, "%s: %s", door->name, door->one_time_path);
}

static const char no_answer[] = "the server of the group did not answer, and Share_Down is closed";

static void
decide_unknown(struct daemon *d, const struct claim *claim)
{
	if (d->conf->share.down == SHARE_DOWN_OPEN)
		open_door(d, claim);
	else
		refuse(d, &claim->event, no_answer);
}

static void
decide(struct daemon *d, const struct claim *claim, enum share_answer answer)
{
	switch (answer) {
	case SHARE_YES:
		sharing_claimed(d->sharing, true);
		open_door(d, claim);
		sharing_claimed(d->sharing, false);
		if (claim->is_one_time)
			sharing_used_up(d->sharing, d->conf->doors[claim->event.door].name, &claim->sequence, true);
		break;
	case SHARE_OLDER:
		refuse(d, &claim->event, "another gateway has later news of this access");
		break;
	case SHARE_REPEAT:
		log_refused(d, &claim->event, "another gateway has accepted this knock before");
		mark_used(d, claim);
		break;
	case SHARE_UNKNOWN:
		decide_unknown(d, claim);
		break;
	}
}

void
claims_answer(struct daemon *d, uint64_t ticket, enum share_answer answer)
{
	struct claim *claim = find(d, ticket), done;

	if (!claim)
		return;
	done = *claim;
	claim->ticket = 0;
	decide(d, &done, answer);
	give_due(d);
}

/* ---- openings ------------------------------------------------------------------------------------ */

static bool
is_claimed(const struct daemon *d, const struct event *event)
{
	return event->kind == EVENT_OPEN && d->conf->doors[event->door].share == SHARE_CLAIM &&
	       sharing_is_on(d->sharing);
}

bool
claims_are_needed(const struct daemon *d, const struct event *events, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is_claimed(d, &events[i]))
			return true;
	return false;
}

static struct claim *
free_claim(struct daemon *d)
{
	if (!d->claims)
		d->claims = calloc(1, sizeof(*d->claims));
	return find(d, 0);
}

/* The engine has gone on to the next sequence while this one's claim is under way. */
static bool
is_under_way(const struct daemon *d, const struct event *event)
{
	for (size_t i = 0; d->claims && d->conf->doors[event->door].one_time_path && i < CLAIMS_MAX; i++)
		if (d->claims->at[i].ticket && d->claims->at[i].event.door == event->door)
			return true;
	return false;
}

/* False: without an answer. */
static bool
claim(struct daemon *d, const struct event *event, const struct ask *ask)
{
	const struct door *door = &d->conf->doors[event->door];
	struct claim *claim = free_claim(d);

	if (!claim)
		return false;
	*claim = (struct claim){
		.event = *event, .is_signed = ask, .is_one_time = door->one_time_path, .engine = d->engine.child.pid
	};
	if (ask)
		claim->ask = *ask;
	claim->sequence = door->seq;
	claim->deadline = moment_boot_msec() + d->conf->share.wait_ms;
	claim->ticket = sharing_claim(d->sharing, door, &event->source, ask, claim->is_one_time ? &door->seq : NULL,
				      access_would_last(door, &event->source, ask));
	if (claim->ticket)
		d->claims->newest = claim->ticket;
	return claim->ticket;
}

/* True: the opening goes on without delay. */
static bool
passes(struct daemon *d, const struct event *event, const struct ask *ask)
{
	const struct door *door;

	if (!is_claimed(d, event))
		return true;
	door = &d->conf->doors[event->door];
	if (is_under_way(d, event) || door->engine_ahead || (door->one_time_path && !door->seq.n)) {
		refuse(d, event, "the claim of its sequence before is under way");
		return false;
	}
	if (!access_admits(&d->tools, d->conf, event))
		return true; /* access_act() refuses it; a claim would open the other gateways */
	if (claim(d, event, ask))
		return false;
	if (d->conf->share.down == SHARE_DOWN_OPEN)
		return true;
	refuse(d, event, no_answer);
	return false;
}

size_t
claims_begin(struct daemon *d, struct event *events, const struct ask **asks, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (!passes(d, &events[i], asks[i]))
			continue;
		asks[kept] = asks[i];
		events[kept++] = events[i];
	}
	return kept;
}

/* ---- time ---------------------------------------------------------------------------------------- */

static void
give_up(struct daemon *d, uint64_t until)
{
	for (size_t i = 0; d->claims && i < CLAIMS_MAX; i++) {
		uint64_t ticket = d->claims->at[i].ticket;

		if (!ticket || d->claims->at[i].deadline > until)
			continue;
		sharing_give_up(d->sharing, ticket);
		claims_answer(d, ticket, SHARE_UNKNOWN);
	}
}

void
claims_tick(struct daemon *d, uint64_t now)
{
	give_up(d, now);
}

void
claims_finish(struct daemon *d)
{
	give_up(d, UINT64_MAX);
}

uint64_t
claims_next(const struct daemon *d)
{
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; d->claims && i < CLAIMS_MAX; i++)
		if (d->claims->at[i].ticket && d->claims->at[i].deadline < next)
			next = d->claims->at[i].deadline;
	return next;
}
