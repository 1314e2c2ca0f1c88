/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "access/ask.h"

#include <stdio.h>

bool
ask_opens(const struct ask *ask, const struct knock_port *port)
{
	if (!ask)
		return true;
	if (ask->port.port)
		return ask->port.port == port->port && ask->port.proto == port->proto;
	for (size_t i = 0; i < ask->ports.n; i++)
		if (ask->ports.at[i].port == port->port && ask->ports.at[i].proto == port->proto)
			return true;
	return !ask->ports.n;
}

uint64_t
ask_time(const struct ask *ask, const struct door *door, uint64_t own_ms)
{
	if (!ask || !ask->time_ms)
		return 0;
	return own_ms && own_ms < ask->time_ms && !door->max_time_ms ? own_ms : ask->time_ms;
}

const char *
ask_comment(const char *door, const char *user, char buf[static ELEMENT_COMMENT_MAX])
{
	char text[2 * ELEMENT_COMMENT_MAX];

	snprintf(text, sizeof(text), "%s%s%s", door, user ? " " : "", user ? user : "");
	return element_comment(text, buf);
}
