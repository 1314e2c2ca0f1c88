/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "supervisor.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "access/logtext.h"
#include "intake.h"
#include "lib/moment.h"
#include "wire/ipc.h"

/* An engine that dies is replaced at once, but not more often than this: so many, then one per pause. */
#define RESTART_BURST      5
#define RESTART_PAUSE_MSEC 1000
#define RESTART_CALM_MSEC  60000

#define NONSENSE "a message that makes no sense"

/* What it has read waits for nobody. */
static void
miss_engine(struct daemon *d)
{
	intake_give_up(d);
	d->engine.restart_at = 0;
}

/* Of events that are no openings; as if we had not looked for a minute, lest an engine within its limits is ended. */
static uint32_t
most_events(const struct daemon *d)
{
	return 2 * (EVENT_BURST + 60 * EVENT_PER_SECOND) * ((uint32_t)d->conf->n_doors + 1);
}

static bool
may_send(struct daemon *d, const struct event *event)
{
	uint32_t per_second = 2 * EVENT_PER_SECOND * ((uint32_t)d->conf->n_doors + 1);

	/* openings always pass, and there is one of these for each packet that is held */
	return event->kind == EVENT_OPEN || event->kind == EVENT_DEALT_WITH ||
	       limiter_pass(&d->engine.events, most_events(d), per_second, moment_boot_msec());
}

int
supervisor_start(struct daemon *d)
{
	d->engine.started_at = moment_boot_msec();
	limiter_init(&d->engine.events, most_events(d), d->engine.started_at);
	d->engine.restart_at = UINT64_MAX;
	admin_engine_started(d->admin);
	if (!child_start(&d->engine.child, d->conf, &d->user, d->capture_fd, &d->log))
		return 0;
	miss_engine(d);
	d->engine.restart_at = d->engine.started_at + RESTART_PAUSE_MSEC;
	return -1;
}

/* It does not do what engines do: treated as an attack. */
static void
end_engine(struct daemon *d, const char *what)
{
	log_warnx(&d->log, "the engine sent %s: it is ended", what);
	child_kill(&d->engine.child);
	miss_engine(d);
}

static bool
makes_sense(const struct daemon *d, const struct event *event)
{
	switch ((enum event_kind)event->kind) {
	case EVENT_READY:
		return false; /* it has said so */
	case EVENT_DEALT_WITH:
		return d->conf->capture == CONF_CAPTURE_NFQUEUE && event_valid(event, d->conf->n_doors);
	case EVENT_STAGE:
	case EVENT_OPEN:
	case EVENT_TIMEOUT:
	case EVENT_SCAN:
	case EVENT_SUPPRESSED:
	case EVENT_LOST:
		break;
	}
	return event_valid(event, d->conf->n_doors);
}

/* child_events, and what the loop does with a batch. */
void
supervisor_take(void *arg, const struct event *events, size_t n)
{
	struct daemon *d = arg;
	struct access_batch batch;

	for (size_t i = 0; i < n; i++) {
		bool sensible = makes_sense(d, &events[i]);

		if (!sensible || !may_send(d, &events[i])) {
			end_engine(d, sensible ? "more than it may" : NONSENSE);
			return;
		}
	}
	log_hold(&d->log);
	journal_hold(d->journals.grants);
	access_act(&d->tools, d->conf, events, n, &batch);
	admin_events(d->admin, d->conf, events, batch.refused, n);
	access_tell(&d->tools, d->conf, events, n, &batch);
	d->rules.moved_on |= batch.moved_on;
	journal_release(d->journals.grants);
	intake_give_verdicts(d, events, n);
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

/* Reaped before its socket was read to the end: its last words first, what it had recognised counts. */
void
supervisor_bury(struct daemon *d, int status)
{
	struct event events[IPC_BATCH];
	int n;

	d->engine.child.pid = 0; /* somebody else's, perhaps, from now on */
	while (d->engine.child.ipc_fd >= 0 && (n = ipc_recv(d->engine.child.ipc_fd, events, IPC_BATCH)) > 0)
		supervisor_take(d, events, (size_t)n);
	child_forget(&d->engine.child);
	log_death(d, status);
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
