/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guarded.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "conf/guard.h"
#include "lib/duration.h"

static const char *const sets[CONF_FAMILIES] = { GUARD_OPEN4, GUARD_OPEN6 };
static const char *const target_sets[CONF_FAMILIES] = { GUARD_OPEN4_TARGET, GUARD_OPEN6_TARGET };

/* Built as text, so that it means the same as that text in a `grant`. */
static int
put_element(struct element *element, const struct door *door, enum conf_family family, const struct knock_port *port,
	    uint64_t timeout_ms)
{
	char text[ELEMENT_TEXT_MAX], target[ADDR_STRLEN], time[64], err[256];
	bool aimed = door->target.family;

	snprintf(text, sizeof(text), "inet " GUARD_TABLE " %s { %%IP%%%s%s . %s . %u%s%s }",
		 aimed ? target_sets[family] : sets[family], aimed ? " . " : "",
		 aimed ? addr_format(&door->target, target) : "", seq_proto_name(port->proto), port->port,
		 timeout_ms ? " timeout " : "", timeout_ms ? duration_format(timeout_ms, time, sizeof(time)) : "");
	return element_parse(element, text, err, sizeof(err));
}

static int
fill(struct element_list *list, const struct door *door, enum conf_family family, const struct seq *ports,
     uint64_t timeout_ms)
{
	struct element *at;

	list->given = true;
	if (!ports->n || (door->target.family && door_family(&door->target) != family))
		return 0;
	at = calloc(ports->n, sizeof(*at));
	if (!at)
		return -1;
	list->at = at;
	for (; list->n < ports->n; list->n++) {
		if (put_element(&at[list->n], door, family, &ports->at[list->n], timeout_ms))
			return -1;
		at[list->n].idle_ms = door->idle_ms;
		at[list->n].limit_ms = door->idle_ms ? door->open_timeout_ms : 0;
	}
	return 0;
}

int
guarded_elements(struct door *door)
{
	for (enum conf_family f = CONF_V4; f < CONF_FAMILIES; f++) {
		if (fill(&door->elements[DOOR_OPENS][f], door, f, &door->open,
			 door->idle_ms ? door->idle_ms : door->open_timeout_ms) ||
		    fill(&door->elements[DOOR_CLOSES][f], door, f, &door->close, 0))
			return -1;
	}
	return 0;
}
