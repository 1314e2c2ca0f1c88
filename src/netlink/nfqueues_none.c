/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For a build without libnetfilter_queue, where the parser already refuses Capture = nfqueue. */
#include "netlink/nfqueues.h"

#include <stdio.h>

int
nfqueues_listen(uint16_t first, char *err, size_t errlen)
{
	(void)first;
	snprintf(err, errlen, "this knockd was built without libnetfilter_queue");
	return -1;
}

unsigned
nfqueues_holder(uint16_t queue)
{
	(void)queue;
	return 0;
}

void
nfqueues_verdict(int fd, uint16_t queue, uint32_t last, bool accept)
{
	(void)fd, (void)queue, (void)last, (void)accept;
}

void
nfqueues_verdict_all(int fd, uint16_t queue, bool accept)
{
	(void)fd, (void)queue, (void)accept;
}
