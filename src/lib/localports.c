/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/localports.h"

#include <stdio.h>

struct localports
localports_read(void)
{
	FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
	struct localports ports = { LOCALPORTS_FIRST, LOCALPORTS_LAST };
	unsigned first, last;

	if (!file)
		return ports;
	if (fscanf(file, "%u %u", &first, &last) == 2 && first <= last && last <= UINT16_MAX)
		ports = (struct localports){ (uint16_t)first, (uint16_t)last };
	fclose(file);
	return ports;
}
