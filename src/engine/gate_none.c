/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gate.h in a build without libsodium, in which no configuration has signed knocks. */
#include "gate.h"

#include <errno.h>

bool
gate_is_needed(const struct conf *conf)
{
	(void)conf;
	return false;
}

struct gate *
gate_new(const struct conf *conf, const uint8_t secret[static 16], uint64_t now)
{
	(void)conf, (void)secret, (void)now;
	errno = ENOSYS;
	return NULL;
}

void
gate_free(struct gate *gate)
{
	(void)gate;
}

bool
gate_wants(const struct gate *gate, const struct packet *packet)
{
	(void)gate, (void)packet;
	return false;
}

bool
gate_open(struct gate *gate, const struct packet *packet, const uint8_t *wire, uint64_t now, struct counters *counters,
	  struct event *event)
{
	(void)gate, (void)packet, (void)wire, (void)now, (void)counters, (void)event;
	return false;
}
