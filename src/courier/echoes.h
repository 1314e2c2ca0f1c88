/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * This gateway's own PUTs, which the server publishes to it as to all others: the parent knows them, and is spared.
 * Events and answers come by two connections, each in the order of the PUTs.
 */
#ifndef KNOCKD_COURIER_ECHOES_H
#define KNOCKD_COURIER_ECHOES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/share.h"

#define ECHOES_MAX 4096 /* PUTs that were not heard of yet; the event of any further one is not recognized */
#define ECHO_MARK  16   /* bytes of a sealed record: of its nonce, which is random */

struct echo {
	uint8_t mark[ECHO_MARK];
	bool silent; /* the script has refused it: there is no event */
};

struct echoes {
	struct echo *ring;
	size_t first, n;
	size_t answered; /* how many of them, from the first on */
	size_t heard;    /* PUTs that were heard of and are not in the ring any more, but not answered yet */
};

/* 0, or -1 with errno. */
int echoes_init(struct echoes *echoes);
void echoes_forget(struct echoes *echoes); /* the connections are closed */

void echoes_put(struct echoes *echoes, const struct share_message *put);
void echoes_answered(struct echoes *echoes, bool published); /* the first PUT that was not answered yet */

/* Is the event's record the one that is expected next? */
bool echoes_hear(struct echoes *echoes, const struct share_message *record);

#endif
