/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "supervisor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "access/logtext.h"
#include "claims.h"
#include "intake.h"
#include "lib/moment.h"
#include "opening.h"
#include "wire/ipc.h"

/* A dead engine is replaced at once; after a burst of restarts, one per pause; a calm time begins a new burst. */
#define RESTART_BURST      5
#define RESTART_PAUSE_MSEC 1000
#define RESTART_CALM_MSEC  60000

#define NONSENSE "an invalid message"

/* Releases the packets that the dead engine had read. */
static void
miss_engine(struct daemon *d)
{
	intake_give_up(d);
	d->engine.restart_at = 0;
}

/* Limit for the events that may_send() counts: twice what a sane engine can queue in a minute. */
static uint32_t
most_events(const struct daemon *d)
{
	return 2 * (EVENT_BURST + 60 * EVENT_PER_SECOND) * ((uint32_t)d->conf->n_doors + 1);
}

static bool
may_send(struct daemon *d, const struct event *event)
{
	uint32_t per_second = 2 * EVENT_PER_SECOND * ((uint32_t)d->conf->n_doors + 1);

	if (event->kind == EVENT_OPEN || event->kind == EVENT_CODE)
		return limiter_pass(&d->engine.openings[event->door], 2 * EVENT_OPEN_BURST, 2 * EVENT_OPEN_PER_SECOND,
				    moment_boot_msec());
	if (event->kind == EVENT_AUTH)
		return limiter_pass(&d->engine.signed_knocks, 2 * EVENT_AUTH_BURST, 2 * EVENT_AUTH_PER_SECOND,
				    moment_boot_msec());
	/* there is one of these for each packet that is held */
	return event->kind == EVENT_DEALT_WITH ||
	       limiter_pass(&d->engine.events, most_events(d), per_second, moment_boot_msec());
}

/* 0, or -1 when memory is out. */
static int
limit_openings(struct daemon *d)
{
	size_t n = d->conf->n_doors;
	struct limiter *openings;

	if (d->engine.openings && n == d->engine.n_openings)
		return 0;
	openings = calloc(n + 1, sizeof(*openings));
	if (!openings)
		return -1;
	for (size_t i = 0; i < n; i++)
		limiter_init(&openings[i], 2 * EVENT_OPEN_BURST, moment_boot_msec());
	free(d->engine.openings);
	d->engine.openings = openings;
	d->engine.n_openings = n;
	return 0;
}

/* What openings of one-time doors count for depends on the engine that tells of them. */
static void
align_doors(struct daemon *d)
{
	d->engine.ahead = false;
	for (size_t i = 0; i < d->conf->n_doors; i++)
		d->conf->doors[i].engine_ahead = false;
}

int
supervisor_start(struct daemon *d)
{
	align_doors(d);
	d->engine.started_at = moment_boot_msec();
	limiter_init(&d->engine.signed_knocks, 2 * EVENT_AUTH_BURST, d->engine.started_at);
	limiter_init(&d->engine.events, most_events(d), d->engine.started_at);
	d->engine.restart_at = UINT64_MAX;
	d->watchdog.beats = 0;
	d->watchdog.silent = false;
	admin_engine_started(d->admin);
	intake_gather(d);
	if (limit_openings(d))
		log_warn(&d->log, "could not start the engine");
	else if (!child_start(&d->engine.child, d->conf, &d->user, d->capture_fd, &d->log))
		return 0;
	miss_engine(d);
	d->engine.restart_at = d->engine.started_at + RESTART_PAUSE_MSEC;
	return -1;
}

/* An engine that breaks the protocol is treated as taken over. */
static void
end_engine(struct daemon *d, const char *what)
{
	log_warnx(&d->log, "the engine sent %s: killed", what);
	child_kill(&d->engine.child);
	miss_engine(d);
}

void
supervisor_end_stuck(struct daemon *d)
{
	log_warnx(&d->log, "the engine shows no sign of life: killed");
	child_kill(&d->engine.child);
	miss_engine(d);
}

/* Does the sequence end with a code, and is this its end? */
static bool
is_code(const struct daemon *d, const struct event *event)
{
	const struct seq *seq = &d->conf->doors[event->door].seq;

	return seq_code(seq) && event->stage == seq->n;
}

/* Only a signed knock or a code that the parent has verified opens a door of those. */
static bool
makes_sense(const struct daemon *d, const struct event *event)
{
	switch ((enum event_kind)event->kind) {
	case EVENT_READY:
		return false; /* sent once, and child_start() took it */
	case EVENT_DEALT_WITH:
		return d->conf->capture == CONF_CAPTURE_NFQUEUE && event_valid(event, d->conf->n_doors);
	case EVENT_OPEN:
		return event_valid(event, d->conf->n_doors) && !seq_auth(&d->conf->doors[event->door].seq) &&
		       !seq_code(&d->conf->doors[event->door].seq);
	case EVENT_CODE:
		return event_valid(event, d->conf->n_doors) && is_code(d, event);
	case EVENT_AUTH:
		return d->conf->server && event_valid(event, d->conf->n_doors);
	case EVENT_STAGE:
	case EVENT_TIMEOUT:
	case EVENT_SCAN:
	case EVENT_SUPPRESSED:
	case EVENT_DROPPED:
	case EVENT_LOST:
		break;
	}
	return event_valid(event, d->conf->n_doors);
}

/* ---- signed knocks and codes --------------------------------------------------------------------- */

/* The events with each signed knock or code that is accepted as the opening that it asks for. */
struct judged {
	struct event events[IPC_BATCH];
	struct judge_verdict verdicts[IPC_BATCH];
	const struct ask *asks[IPC_BATCH];
};

static void
close_for(struct daemon *d, const struct judge_verdict *verdict)
{
	const struct door *door = &d->conf->doors[verdict->door];
	struct request_whom whom = { .nets = { network_around(&verdict->ip, 128) }, .n_nets = 1, .door = door->name };
	char err[LOG_TEXT_MAX], ip[ADDR_STRLEN];
	size_t n = grants_revoke(d->grants, &whom, err, sizeof(err)) + closings_close(d->closings, &whom);

	log_notice(&d->log, "%s: %s: closed by a signed knock of %s: %zu accesses", addr_format(&verdict->ip, ip),
		   door->name, verdict->ask.user, n);
}

static void
judge_event(struct daemon *d, struct judged *judged, size_t i)
{
	struct event *event = &judged->events[i];
	struct judge_verdict *verdict = &judged->verdicts[i];

	switch (judge_decide(d->judge, d->conf, event, verdict)) {
	case JUDGE_REFUSED:
		admin_refused(d->admin, event);
		break;
	case JUDGE_PROBE:
		break;
	case JUDGE_CLOSE:
		close_for(d, verdict);
		break;
	case JUDGE_OPEN:
		judged->asks[i] = &verdict->ask;
		*event = (struct event){ .kind = EVENT_OPEN,
					 .door = verdict->door,
					 .stage = (uint32_t)d->conf->doors[verdict->door].seq.n,
					 .source = verdict->ip };
		break;
	}
}

static void
judge_code(struct daemon *d, struct judged *judged, size_t i)
{
	struct event *event = &judged->events[i];
	struct ask *ask = &judged->verdicts[i].ask;

	if (!codes_open(d->codes, d->conf, event, ask)) {
		admin_refused(d->admin, event);
		return;
	}
	judged->asks[i] = ask;
	event->kind = EVENT_OPEN;
	event->count = 0;
}

static bool
has_judged(const struct event *events, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (events[i].kind == EVENT_AUTH || events[i].kind == EVENT_CODE)
			return true;
	return false;
}

static void
judge_and_act(struct daemon *d, const struct event *events, size_t n)
{
	struct judged judged = { .asks = { NULL } };

	memcpy(judged.events, events, n * sizeof(*events));
	for (size_t i = 0; i < n; i++) {
		if (events[i].kind == EVENT_AUTH)
			judge_event(d, &judged, i);
		else if (events[i].kind == EVENT_CODE)
			judge_code(d, &judged, i);
	}
	n = claims_begin(d, judged.events, judged.asks, n);
	opening_act(d, judged.events, judged.asks, n);
}

/* ------------------------------------------------------------------------------------------------- */

/* child_events */
void
supervisor_take(void *arg, const struct event *events, size_t n)
{
	struct daemon *d = arg;

	for (size_t i = 0; i < n; i++) {
		bool sensible = makes_sense(d, &events[i]);

		if (!sensible || !may_send(d, &events[i])) {
			end_engine(d, sensible ? "more events than allowed" : NONSENSE);
			return;
		}
	}
	log_hold(&d->log);
	journal_hold(d->journals.grants);
	if (has_judged(events, n) || claims_are_needed(d, events, n))
		judge_and_act(d, events, n);
	else
		opening_act(d, events, NULL, n);
	journal_release(d->journals.grants);
	claims_give_verdicts(d, events, n);
	log_release(&d->log);
}

static void
log_death(struct daemon *d, int status)
{
	if (WIFSIGNALED(status))
		log_warnx(&d->log, "the engine was ended by signal %d (%s)", WTERMSIG(status),
			  strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status)) /* errno, see engine_run() */
		log_warnx(&d->log, "the engine ended: it could not read packets: %s", strerror(WEXITSTATUS(status)));
	else
		log_warnx(&d->log, "the engine ended with status 0");
	miss_engine(d);
}

void
supervisor_read(struct daemon *d)
{
	struct event events[IPC_BATCH];
	int n = ipc_recv(d->engine.child.ipc_fd, events, IPC_BATCH);

	if (n > 0)
		supervisor_take(d, events, (size_t)n);
	else if (n == 0)
		log_death(d, child_kill(&d->engine.child));
	else if (errno != EAGAIN)
		end_engine(d, NONSENSE);
}

/* Reaped before its socket was drained: process the rest first. */
void
supervisor_bury(struct daemon *d, int status)
{
	struct event events[IPC_BATCH];
	int n;

	d->engine.child.pid = 0; /* the kernel may reuse it: no signal to it any more */
	while (d->engine.child.ipc_fd >= 0 && (n = ipc_recv(d->engine.child.ipc_fd, events, IPC_BATCH)) > 0)
		supervisor_take(d, events, (size_t)n);
	child_forget(&d->engine.child);
	log_death(d, status);
}

void
supervisor_renew(struct daemon *d)
{
	log_notice(&d->log, "a one-time sequence was not used up: the engine is replaced");
	if (!child_stop(&d->engine.child, supervisor_take, d))
		intake_give_up(d);
	d->engine.ahead = false;
	d->engine.restart_at = 0;
}

void
supervisor_restart(struct daemon *d)
{
	uint64_t now = moment_boot_msec();

	if (now - d->engine.started_at > RESTART_CALM_MSEC)
		d->engine.restarts = 0;
	if (d->engine.restarts >= RESTART_BURST && now < d->engine.started_at + RESTART_PAUSE_MSEC) {
		d->engine.restart_at = d->engine.started_at + RESTART_PAUSE_MSEC;
		return;
	}
	d->engine.restarts++;
	d->engine.all_restarts++;
	if (!supervisor_start(d))
		log_warnx(&d->log, "a new engine is running");
}
