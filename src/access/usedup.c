/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usedup.h"

#include <errno.h>

#include "lib/onetime.h"

/* Is the door's current sequence from its file, and not from `Sequence`, which comes before the file? */
static bool
is_from_file(const struct door *door)
{
	return door->next_one_time > 0;
}

int
usedup_mark(struct sharing *sharing, struct door *door)
{
	const struct seq used = door->seq;

	if (!door->seq.n)
		return ECANCELED;
	if (is_from_file(door) && onetime_mark(door->one_time_path, &door->seq)) {
		door->seq.n = 0;
		return errno;
	}
	door_next_sequence(door);
	if (door->share != SHARE_LOCAL)
		sharing_used_up(sharing, door->name, &used, false);
	return 0;
}

void
usedup_log(const struct log *log, const struct door *door, int refused)
{
	if (refused == ESTALE) { /* the parent reads the file again */
		log_warnx(log, "%s: %s has changed: the sequence that was used is not in it", door->name,
			  door->one_time_path);
	} else if (refused && refused != ECANCELED) {
		errno = refused;
		log_warn(log, "%s: %s", door->name, door->one_time_path);
		log_notice(log, "error while disabling used one time sequence for door %s --> disabling the door",
			   door->name);
	} else if (!refused && !door->seq.n) {
		log_notice(log,
			   "no more sequences left in the one time sequences file for door %s --> disabling the door",
			   door->name);
	}
}
