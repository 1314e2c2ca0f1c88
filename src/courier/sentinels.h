/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asks all sentinels, again and again, where the primary is. Each election has a number: the highest one counts, and no
 * sentinel that has missed an election can lead the courier back to the old primary.
 */
#ifndef KNOCKD_COURIER_SENTINELS_H
#define KNOCKD_COURIER_SENTINELS_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "link.h"
#include "place.h"

/* Between two questions to a sentinel: while the primary answers, and while there is none. */
#define SENTINELS_MSEC      1000
#define SENTINELS_FAST_MSEC 200

struct sentinel {
	struct place place;
	struct link link;
	uint64_t next_at; /* the next question or attempt to connect */
	uint64_t epoch;   /* of its last answer */
	bool answered;    /* since the start, or since the connection was lost */
	bool tried_login;
};

struct sentinels {
	struct sentinel list[PLACES];
	size_t n;
	const struct share_conf *conf;
	struct place primary; /* .len 0: not known yet */
	uint64_t epoch;       /* the number of its election */
	uint64_t known_at;    /* when the first sentinel named one */
	char why[SHARE_REASON];
	uint64_t now; /* of the call */
};

/* `tls`: NULL, or connections are encrypted. 0, or -1 with errno. */
int sentinels_init(struct sentinels *s, const struct share_conf *conf, struct ssl_ctx_st *tls,
		   const struct place *places, size_t n);

/* The primary: when all sentinels have answered, or some time after the first. NULL: not known. */
const struct place *sentinels_primary(const struct sentinels *s, uint64_t now);

/* Why it is not known. */
const char *sentinels_why(const struct sentinels *s);

/* Connects and asks where it is time. Returns when it is to be called again. */
uint64_t sentinels_ask(struct sentinels *s, bool up, uint64_t now);

/* Fills in PLACES of fds; after poll(2). */
void sentinels_poll(const struct sentinels *s, struct pollfd *fds);
void sentinels_move(struct sentinels *s, const struct pollfd *fds, uint64_t now);

#endif
