/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One knock at one address, hit by hit: the first one, or a repetition while the client waits for the door.
 */
#ifndef KNOCK_KNOCKING_H
#define KNOCK_KNOCKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "hit.h"
#include "net.h"

/* What is sent, and from where. All pointers are borrowed. */
struct knocking {
	const struct hits *hits;
	const struct origin *origin;
	int64_t delay; /* milliseconds after each hit */
	FILE *verbose; /* NULL: silent */
};

/*
 * Extra hits before a repetition. After a lost packet knockd 0.8 holds an unfinished attempt: of this door, or of one
 * whose sequence begins with our last port, such as the closing door of its sample. Our first hit then only ends that
 * attempt and begins none, and our last hit begins the next wrong one: a lost packet would lock the client out until
 * the attempt expires. So most repetitions end the attempt first. The second port, three times, ends an attempt at any
 * stage and, as a rule, begins none at another door. The first port, once, helps where that rule fails. The plain knock
 * helps when no attempt is left, where an extra first hit does harm. Daemons that let the hit that ends an attempt
 * begin a new one open to all three.
 */
enum lead { LEAD_NONE, LEAD_SECOND, LEAD_FIRST };

/* A knock under way. */
struct round {
	unsigned nth; /* 0: the first knock, which has no lead */
	enum lead lead;
	bool led;
	size_t next; /* hit */
	size_t sent; /* hits; the lead is not counted */
	int failed;  /* errno of the last hit that could not be sent; 0: all were sent */
};

/* The lead is LEAD_NONE if the sequence is too short or too uniform for another. */
void round_start(struct round *round, const struct knocking *knocking, unsigned nth);

/*
 * Sends the next hit, or the whole lead. The caller then pauses for the delay. With verbose, prints each hit of the
 * first knock, with the reason if it could not be sent, and one line per repetition. Returns true when the knock is
 * complete.
 */
bool round_hit(struct round *round, const struct knocking *knocking, const struct place *place);

#endif
