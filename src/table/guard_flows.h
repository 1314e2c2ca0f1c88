/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guard's rules about flows: which packets of a guarded port belong to a flow that has begun, and may go on, and
 * what an attacker could do to make one look so.
 *
 * The guard asks connection tracking. It enters a flow when the first packet has passed all hooks, and takes a packet
 * in the other direction for the answer. So an attacker on the wire could forge the beginning of a flow from the
 * guarded port, which then makes his own packets its answers; or get a packet past the guard, and forge its answer.
 */
#ifndef KNOCKD_GUARD_FLOWS_H
#define KNOCKD_GUARD_FLOWS_H

#include "rules.h"

#define GUARD_SHUT    "guard_shut"    /* the guard's answer; another file makes this chain */
#define GUARD_FORGED  "guard_forged"  /* drops */
#define GUARD_BEGINS  "guard_begins"  /* from a guarded port: returns unless forged */
#define GUARD_HIDDEN  "guard_hidden"  /* behind an authentication header */
#define GUARD_VRF     "guard_vrf"     /* DNAT in a VRF */
#define GUARD_CUT_VRF "guard_cut_vrf" /* ... of flows that have begun */

/* The sets of which each may be NULL: guarded ports of this machine, of Targets, and addresses that may pass. */
struct guard_sets {
	const struct port_set *local, *target4, *target6, *open4, *open6, *older;
	const struct port_set *cut, *cut4, *cut6; /* those of which no flow goes on without an access ... */
	const struct port_set *begun;             /* ... but of these for a while */
};

/*
 * The rules at the beginning of a chain: packets under way return. Those of TCP without SYN that tracking does not know
 * do not, unless their port is in `older`.
 */
void guard_flows_pass(struct rules *rules, const struct guard_sets *sets, const char *chain);

/* Packets on lo return. */
void guard_flows_lo(struct rules *rules, const char *chain);

/* A rule for each way in which an address may be local: packets to the ports of `local` at `side` go to chain `to`. */
void guard_flows_local(struct rules *rules, const struct port_set *local, const char *chain, enum side side,
		       const char *to);

/* The chains above, but for GUARD_SHUT, and the base chain's rules that lead to the last two. */
void guard_flows_chains(struct rules *rules, const struct guard_sets *sets);
void guard_flows_base(struct rules *rules, const struct guard_sets *sets, const char *chain);

#endif
