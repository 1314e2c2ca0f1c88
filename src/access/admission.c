/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "admission.h"

#include <errno.h>

#include "lib/moment.h"

/* errno's values that nothing else here gives */
#define REFUSED_FULL EUSERS
#define REFUSED_HOST EADDRNOTAVAIL

#define TELL_MSEC 60000

static size_t
count_live(const struct access_tools *tools)
{
	return grants_count(tools->grants) + closings_held(tools->closings);
}

static bool
makes_closing(const struct door *door, enum conf_family family)
{
	const char *start = door_start_command(door, family);

	return start && *start && door_stop_command(door, family);
}

static size_t
count_elements(const struct door *door, enum conf_family family)
{
	size_t n = 0;

	for (enum door_kind kind = 0; kind < DOOR_KINDS; kind++)
		if (door_adds(kind))
			n += door_elements(door, kind, family)->n;
	return n;
}

/*
 * How many accesses an opening adds to those that there are. A stop command is always another one; elements may be
 * there, which is not asked while there is `room` for all of them.
 */
static size_t
count_added(const struct access_tools *tools, const struct door *door, const struct addr *ip, size_t room)
{
	enum conf_family family = door_family(ip);
	size_t elements = count_elements(door, family), closing = makes_closing(door, family), there;

	if (elements + closing <= room)
		return elements + closing;
	there = grants_of(tools->grants, door->name, ip);
	return (elements > there ? elements - there : 0) + closing;
}

size_t
admission_room(const struct access_tools *tools, const struct conf *conf)
{
	size_t live = count_live(tools);

	return live < conf->max_grants ? conf->max_grants - live : 0;
}

bool
admission_take(const struct access_tools *tools, const struct door *door, const struct addr *ip, size_t *room)
{
	size_t added = count_added(tools, door, ip, *room);

	if (added > *room)
		return false;
	*room -= added;
	return true;
}

void
admission_judge(const struct access_tools *tools, const struct conf *conf, const struct event *events, size_t n,
		int *refused)
{
	size_t room = admission_room(tools, conf);

	for (size_t i = 0; i < n; i++) {
		if (events[i].kind != EVENT_OPEN)
			continue;
		if (!addr_is_host(&events[i].source))
			refused[i] = REFUSED_HOST;
		else if (!admission_take(tools, &conf->doors[events[i].door], &events[i].source, &room))
			refused[i] = REFUSED_FULL;
	}
}

static void
log_full(const struct access_tools *tools)
{
	struct access_refusals *r = tools->refusals;
	int64_t now = moment_now().boot_ms;

	r->untold++;
	if (now < r->tell_at)
		return;
	log_warnx(tools->log, "Max_Grants is reached: %llu openings refused", (unsigned long long)r->untold);
	r->untold = 0;
	r->tell_at = now + TELL_MSEC;
}

void
admission_log_full(const struct access_tools *tools)
{
	tools->refusals->total++;
	log_full(tools);
}

bool
admission_log(const struct access_tools *tools, const struct door *door, const struct addr *ip, int refused)
{
	char who[ADDR_STRLEN];

	if (refused == REFUSED_FULL)
		log_full(tools);
	else if (refused == REFUSED_HOST)
		log_notice(tools->log, "%s: %s: refused: no host has this address", addr_format(ip, who), door->name);
	else
		return false;
	return true;
}
