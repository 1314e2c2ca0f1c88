/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The message from the engine to the parent: fixed size, no pointers, nothing of a packet but the
 * source address and the content of a signed knock. The parent checks every field with event_valid() before it uses
 * one.
 */
#ifndef KNOCKD_EVENT_H
#define KNOCKD_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

/*
 * Attackers can cause any number of stage, timeout and scan events. The engine sends this many per door at once, and
 * per second after that. The parent kills an engine that sends more than twice as many.
 */
#define EVENT_BURST      200
#define EVENT_PER_SECOND 10

/* The same for openings and codes, which need the sequence: far more than clients of one door ever cause. */
#define EVENT_OPEN_BURST      10000
#define EVENT_OPEN_PER_SECOND 200

/* Signed knocks of all doors, before their signatures are verified. */
#define EVENT_AUTH_BURST      2000
#define EVENT_AUTH_PER_SECOND 2000

#define EVENT_PLAIN_LEN 128 /* see signed/knock1.h */

enum event_kind {
	EVENT_READY = 1,  /* the engine is confined and reading; its first event, sent once */
	EVENT_STAGE,      /* a hit was accepted: `stage` of the sequence is reached */
	EVENT_OPEN,       /* the sequence is complete */
	EVENT_TIMEOUT,    /* the attempt ran out of time at `stage` */
	EVENT_SCAN,       /* the attempt was ended at `stage`: its source asked for too many other ports */
	EVENT_SUPPRESSED, /* `count` stage, timeout and scan events of `door` were left out */
	EVENT_LOST,       /* `count` packets were lost on the way from the kernel, 0: unknown number */
	EVENT_DROPPED,    /* `count` openings of `door` were left out */
	EVENT_AUTH,       /* a signed knock: `stage` is the door's last one, or 0 if the hits before it are missing */
	EVENT_CODE,       /* the sequence is complete, and ends with the one-time code `count`, which is not verified */
	EVENT_DEALT_WITH, /* queue `stage` (enum capture_way): packets up to number `count` are handled */
};

struct event {
	uint32_t kind;  /* enum event_kind */
	uint32_t door;  /* index into conf.doors; AUTH: their number, if there is none of that name */
	uint32_t stage; /* 1..length of the sequence; EVENT_DEALT_WITH: the queue */
	uint32_t count;
	struct addr source;             /* STAGE, OPEN, CODE, TIMEOUT, SCAN, AUTH */
	uint8_t plain[EVENT_PLAIN_LEN]; /* AUTH; the signature in it is not verified */
};

/*
 * Could a sane engine with this configuration send the event? It has a known kind, a door below `n_doors`, and a
 * source if and only if the kind has one.
 */
bool event_valid(const struct event *event, size_t n_doors);

/* Is the event news for people? A knock that the parent judges is not, until then. */
bool event_is_told(const struct event *event);

#endif
