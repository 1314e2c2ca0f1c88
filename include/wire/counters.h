/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counters of the engine, in a page that it shares with the parent. Only the engine writes; the parent
 * maps the page read-only. There is no lock: a 64-bit machine reads each word whole.
 */
#ifndef KNOCKD_COUNTERS_H
#define KNOCKD_COUNTERS_H

#include <stdint.h>

struct counters {
	uint64_t packets;      /* handed over by the kernel */
	uint64_t lost;         /* not handed over: gaps in the kernel's sequence numbers */
	uint64_t overruns;     /* times the socket's buffer was full (ENOBUFS) */
	uint64_t bad_messages; /* netlink messages without a valid packet */
	uint64_t cut;          /* packets that end before a header they announce */
	uint64_t malformed;    /* headers that contradict themselves */
	uint64_t fragments;    /* fragments without ports */
	uint64_t other;        /* neither TCP nor UDP */
	uint64_t attempts;     /* now under way */
	uint64_t evicted;      /* attempts removed from a full table */
	uint64_t scans;        /* attempts ended because their source asked for many other ports */
	uint64_t
	    auth_garbage; /* datagrams to a signed knock's port without the site key's tag, or with a broken seal */
	uint64_t auth_repeated; /* the very same signed knock once more */
	uint64_t auth_limited;  /* above a limit of gate.h */
	uint64_t auth_opened;   /* passed to the parent */
	uint64_t suppressed;    /* events left out: stages, timeouts, scans, and openings */
	uint64_t beats;         /* rounds of the engine's loop: a sign of life */
};

/* Adds all but `attempts` and `beats`, which are not sums. */
void counters_add(struct counters *sum, const struct counters *counters);

/* One page of zeroed counters, shared across fork(). NULL with errno. */
struct counters *counters_map(void);

/* Makes the page read-only: for the parent, after the fork. 0, or -1 with errno. */
int counters_protect(struct counters *counters);
void counters_unmap(struct counters *counters); /* NULL is legal */

#endif
