/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "older.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>

#include "build.h"

#define PORTS 65536

static void
note(bool connected[static PORTS], const char *line)
{
	unsigned port, state;

	/* sl local_address:port remote_address:port st ..., all but the first in hexadecimal */
	if (sscanf(line, " %*d: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x", &port, &state) == 2 && port < PORTS &&
	    state != TCP_LISTEN)
		connected[port] = true;
}

static int
read_sockets(bool connected[static PORTS], const char *path)
{
	FILE *file = fopen(path, "re");
	char line[512];

	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file))
		note(connected, line);
	fclose(file);
	return 0;
}

/* A machine without IPv6 has no file for it. */
int
older_ports(const struct rules *rules, struct port_set *set)
{
	static const struct addr nowhere;
	const struct port_set *guarded = &rules->guarded.with_proto;
	bool connected[PORTS] = { false };
	bool all = read_sockets(connected, "/proc/net/tcp") != 0;

	read_sockets(connected, "/proc/net/tcp6");
	for (size_t i = 0; i < guarded->n; i++) {
		const struct knock_port *port = &guarded->at[i].port;
		const struct knock_port number = { .port = port->port };

		if (port->proto == IPPROTO_TCP && (all || connected[port->port]) && build_entry(set, &nowhere, &number))
			return -1;
	}
	return 0;
}
