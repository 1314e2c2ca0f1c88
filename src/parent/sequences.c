/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sequences.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "conf/conffile.h"
#include "filewatch.h"
#include "intake.h"
#include "lib/onetime.h"
#include "supervisor.h"
#include "upkeep.h"

/* ---- is the file as the door has it? ------------------------------------------------------------ */

/* The door's sequence comes from its file, and not from `Sequence`, which comes before the file. */
static bool
is_from_file(const struct door *door)
{
	return door->next_one_time > 0;
}

/* The unused sequences that the door knows of, the current one first if it is from the file. */
static size_t
left(const struct door *door, const struct seq **first)
{
	size_t at = door->next_one_time - (is_from_file(door) && door->seq.n > 0);

	*first = door->one_time ? door->one_time + at : NULL;
	return door->n_one_time - at;
}

/* A door that is disabled although its file has sequences counts as changed: the file may be in order again. */
static bool
differs(const struct door *door, const struct onetime *list, size_t n)
{
	const struct seq *first;

	if (n != left(door, &first) || (n && !door->seq.n))
		return true;
	for (size_t i = 0; i < n; i++)
		if (!seq_equal(&list[i].seq, &first[i]))
			return true;
	return false;
}

/* A file that cannot be read counts as unchanged: it may be about to be replaced, and a use of it is refused anyway. */
static bool
has_changed(const struct door *door)
{
	const struct seq *first;
	struct onetime *list;
	bool changed;
	ssize_t n;

	if (!door->one_time_path)
		return false;
	list = calloc(left(door, &first) + 1, sizeof(*list));
	n = list ? onetime_read(door->one_time_path, list, left(door, &first), NULL, NULL) : -1;
	changed = n >= 0 && differs(door, list, (size_t)n);
	free(list);
	return changed;
}

/* onetime_report */
static void
take_reason(void *arg, unsigned long line, const char *reason)
{
	const char **why = arg;

	if (!line)
		*why = reason;
}

/* Says once that a file is not fit for use any more. */
static void
tell_refusal(const struct daemon *d, struct door *door)
{
	const char *why = "";
	bool refused;

	if (!door->one_time_path)
		return;
	refused = onetime_read(door->one_time_path, NULL, 0, take_reason, &why) < 0 && errno == EPERM;
	if (refused && !door->one_time_refused)
		log_warnx(&d->log, "%s: %s: %s: until that is mended its sequences open nothing", door->name,
			  door->one_time_path, why);
	door->one_time_refused = refused;
}

static bool
any_has_changed(const struct daemon *d)
{
	for (size_t i = 0; i < d->conf->n_doors; i++)
		if (has_changed(&d->conf->doors[i]))
			return true;
	return false;
}

/* ---- reading it again ---------------------------------------------------------------------------- */

/* conf_report */
static void
report(void *arg, enum conf_severity severity, const char *text)
{
	if (severity != CONF_DEBUG)
		log_warnx(&((struct daemon *)arg)->log, "%s", text);
}

static void
read_again(struct daemon *d, struct door *door)
{
	bool in_use = is_from_file(door) || !door->seq.n;

	if (conffile_read_one_time(door, report, d)) {
		log_warn(&d->log, "%s: %s", door->name, door->one_time_path);
		return;
	}
	log_notice(&d->log, "%s has changed and is read again: [%s] has %zu sequences", door->one_time_path, door->name,
		   door->n_one_time);
	if (in_use && !door_next_sequence(door))
		log_notice(&d->log,
			   "no more sequences left in the one time sequences file for door %s --> disabling the door",
			   door->name);
}

bool
sequences_follow(struct daemon *d)
{
	if (!any_has_changed(d))
		return false;
	/* the events that it still sends may use up sequences, so look again after them */
	if (!child_stop(&d->engine.child, supervisor_take, d))
		intake_give_up(d);
	for (size_t i = 0; i < d->conf->n_doors; i++)
		if (has_changed(&d->conf->doors[i]))
			read_again(d, &d->conf->doors[i]);
	if (upkeep_install(d, d->conf))
		upkeep_retry_later(d);
	sequences_watch(d);
	supervisor_start(d);
	return true;
}

/* ---- changes ------------------------------------------------------------------------------------- */

void
sequences_watch(struct daemon *d)
{
	if (d->watch_fd >= 0)
		close(d->watch_fd);
	d->watch_fd = -1;
	for (size_t i = 0; i < d->conf->n_doors; i++) {
		if (!d->conf->doors[i].one_time_path)
			continue;
		if (d->watch_fd < 0)
			d->watch_fd = filewatch_open();
		if (d->watch_fd >= 0)
			filewatch_add(d->watch_fd, d->conf->doors[i].one_time_path);
	}
}

/* The reports name a file; reading all of ours, which are small, is simpler than comparing names. */
void
sequences_read_watch(struct daemon *d)
{
	filewatch_drain(d->watch_fd);
	for (size_t i = 0; i < d->conf->n_doors; i++)
		tell_refusal(d, &d->conf->doors[i]);
	sequences_follow(d);
}
