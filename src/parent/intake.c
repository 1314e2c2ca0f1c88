/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "intake.h"

#include <unistd.h>

#include "netlink/nflog_group.h"
#include "netlink/nfqueues.h"
#include "wire/capture.h"

int
intake_listen(struct daemon *d, const struct conf *conf)
{
	char err[256];
	int fd = -1;

	switch (conf->capture) {
	case CONF_CAPTURE_NFLOG:
		fd = nflog_group_listen(conf->nflog_group, err, sizeof(err));
		if (fd < 0)
			log_warnx(&d->log, "could not listen on NFLOG group %u: %s", conf->nflog_group, err);
		break;
	case CONF_CAPTURE_NFQUEUE:
		fd = nfqueues_listen(conf->queue_num, err, sizeof(err));
		if (fd < 0)
			log_warnx(&d->log, "could not listen on NFQUEUE %u to %u: %s", conf->queue_num,
				  conf->queue_num + CAPTURE_WAYS - 1, err);
		break;
	}
	return fd;
}

bool
intake_same(const struct conf *a, const struct conf *b)
{
	if (a->capture != b->capture)
		return false;
	return a->capture == CONF_CAPTURE_NFLOG ? a->nflog_group == b->nflog_group : a->queue_num == b->queue_num;
}

void
intake_gather(const struct daemon *d)
{
	if (d->conf->capture == CONF_CAPTURE_NFLOG)
		nflog_group_gather(d->capture_fd, d->conf->nflog_group, d->conf->rules == CONF_RULES_AUTO);
}

/* ---- verdicts ---------------------------------------------------------------------------------- */

/* Packets that waited are no knocks: the guard and the admin's own chains judge them, after the grants. */
static bool
is_accepted(const struct conf *conf, enum capture_way way)
{
	return way == CAPTURE_WAITING || conf->knock_verdict == CONF_KNOCK_ACCEPT;
}

static uint16_t
queue_of(const struct conf *conf, enum capture_way way)
{
	return (uint16_t)(conf->queue_num + way);
}

/* One verdict for each queue: it covers all packets up to the last one dealt with. */
void
intake_give_verdicts(struct daemon *d, const struct event *events, size_t n)
{
	const struct event *last[CAPTURE_WAYS] = { NULL };

	for (size_t i = 0; i < n; i++)
		if (events[i].kind == EVENT_DEALT_WITH)
			last[events[i].stage] = &events[i];
	for (enum capture_way way = CAPTURE_LOCAL; way < CAPTURE_WAYS; way++)
		if (last[way])
			nfqueues_verdict(d->capture_fd, queue_of(d->conf, way), last[way]->count,
					 is_accepted(d->conf, way));
}

void
intake_give_up(struct daemon *d)
{
	if (d->capture_fd < 0 || d->conf->capture != CONF_CAPTURE_NFQUEUE)
		return;
	for (enum capture_way way = CAPTURE_LOCAL; way < CAPTURE_WAYS; way++)
		nfqueues_verdict_all(d->capture_fd, queue_of(d->conf, way), is_accepted(d->conf, way));
}

void
intake_close(struct daemon *d)
{
	intake_give_up(d);
	if (d->capture_fd >= 0)
		close(d->capture_fd);
	d->capture_fd = -1;
}
