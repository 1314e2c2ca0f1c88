/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the engine tells the parent: one fixed-size message, no pointers, nothing of a packet but
 * the source address. The parent checks every field with event_valid() before it uses one.
 */
#ifndef KNOCKD_EVENT_H
#define KNOCKD_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

/*
 * Stage, timeout and scan events are driven by strangers. Per door so many pass at once and so many per second
 * after that. An engine that sends twice as many has been taken over.
 */
#define EVENT_BURST      200
#define EVENT_PER_SECOND 10

/* The same for openings, which need the sequence: far more than clients of one door ever cause. */
#define EVENT_OPEN_BURST      10000
#define EVENT_OPEN_PER_SECOND 200

enum event_kind {
	EVENT_READY = 1,  /* the engine is confined and reading; its first event, sent once */
	EVENT_STAGE,      /* a hit was accepted: `stage` of the sequence is reached */
	EVENT_OPEN,       /* the sequence is complete */
	EVENT_TIMEOUT,    /* the attempt ran out of time at `stage` */
	EVENT_SCAN,       /* the attempt was ended at `stage`: its source asked for too many other ports */
	EVENT_SUPPRESSED, /* `count` stage, timeout and scan events of `door` were left out */
	EVENT_LOST,       /* `count` packets were lost on the way from the kernel, 0: nobody knows how many */
	EVENT_DROPPED,    /* `count` openings of `door` were left out */
	EVENT_DEALT_WITH, /* with what is held in queue `stage` (enum capture_way), up to number `count` */
};

struct event {
	uint32_t kind;  /* enum event_kind */
	uint32_t door;  /* index into conf.doors */
	uint32_t stage; /* 1..length of the sequence */
	uint32_t count;
	struct addr source; /* STAGE, OPEN, TIMEOUT, SCAN */
};

/*
 * True when the event is one that engine and configuration can have produced: a kind, a door below
 * `n_doors`, a source where one belongs and none elsewhere. What does not pass was not sent by an engine in its
 * right mind.
 */
bool event_valid(const struct event *event, size_t n_doors);

#endif
