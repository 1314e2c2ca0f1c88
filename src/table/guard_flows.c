/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guard_flows.h"

#include <netinet/in.h>

#include "build.h"

static void
add_return(struct rule *rule)
{
	build_term(rule, TERM_RETURN, NULL, NULL);
}

static void
add_goto(struct rule *rule, const char *chain)
{
	build_term(rule, TERM_GOTO, chain, NULL);
}

/* Packets of which the routing tables say this go to `to`. */
static void
add_fib_goto(struct rules *rules, const char *chain, enum fib_test fib, const char *to)
{
	struct rule *rule = build_rule(rules, chain);

	build_fib(rule, fib);
	add_goto(rule, to);
}

static void
add_track_return(struct rules *rules, const char *chain, enum track_test track)
{
	struct rule *rule = build_rule(rules, chain);

	build_track(rule, track);
	add_return(rule);
}

/* Local users need no door; and no packet on lo is forged. In a VRF local packets come over the VRF's device. */
void
guard_flows_lo(struct rules *rules, const char *chain)
{
	struct rule *rule = build_rule(rules, chain);

	build_term(rule, TERM_IFNAME, "lo", NULL);
	add_return(rule);
}

/* --- under way ----------------------------------------------------------------------------------- */

/*
 * All but SYN without ACK: tracking picks up connections in the middle, so an attacker's stray ACK would make the SYN
 * after it established. New is what fits no connection that tracking knows, and would begin one by a SYN cookie.
 * Invalid is left alone, as are packets that the admin has exempted (notrack): after a gap in tracking the packets of
 * connections are out of their window.
 */
static void
pass_tcp(struct rules *rules, const struct port_set *older, const char *chain)
{
	struct rule *rule = build_rule(rules, chain);

	build_term(rule, TERM_UNDER_WAY, NULL, NULL);
	build_track(rule, TRACK_NOT_NEW);
	add_return(rule);
	if (!older)
		return;
	rule = build_rule(rules, chain);
	build_term(rule, TERM_UNDER_WAY, NULL, NULL);
	build_set_term(rule, older, SIDE_TO);
	add_return(rule);
}

static struct rule *
add_established(struct rules *rules, const char *chain)
{
	struct rule *rule = build_rule(rules, chain);

	build_term(rule, TERM_UDP, NULL, NULL);
	build_track(rule, TRACK_ESTABLISHED);
	return rule;
}

/*
 * Flows that began here, by a packet to the guarded port, have passed the guard then. Answers to a flow that began at
 * this port pass, because GUARD_BEGINS has looked at its first packet. If the source was translated, the flow may have
 * begun at any other port, and only masquerading has made it the guarded one; or, with the destination translated as
 * well, GUARD_BEGINS took it for a packet to this machine.
 */
static void
pass_udp(struct rules *rules, const struct guard_sets *sets, const char *chain)
{
	struct rule *rule = add_established(rules, chain);

	build_track(rule, TRACK_ORIGINAL);
	add_return(rule);
	rule = add_established(rules, chain);
	build_track(rule, TRACK_NOT_SNAT);
	add_return(rule);
	if (!sets->local)
		return;
	rule = add_established(rules, chain);
	build_track(rule, TRACK_NOT_DNAT);
	build_set_term(rule, sets->local, SIDE_TRACKED_FROM);
	add_return(rule);
}

void
guard_flows_pass(struct rules *rules, const struct guard_sets *sets, const char *chain)
{
	pass_tcp(rules, sets->older, chain);
	pass_udp(rules, sets, chain);
	guard_flows_lo(rules, chain);
}

/* --- where to ------------------------------------------------------------------------------------ */

/*
 * An address may be local in a routing table that the kernel does not look into: before Linux 6.16 in that of the VRF
 * that the interface belongs to, and ever in one that is chosen by mark or interface. So an address to which there is
 * no route to another host counts as local, too. What this does not see the chain at the input hook sees; it cannot see
 * ports that DNAT hands to other hosts.
 */
void
guard_flows_local(struct rules *rules, const struct port_set *ports, const char *chain, enum side side, const char *to)
{
	static const enum fib_test local[] = { FIB_TO_NOT_UNICAST, FIB_TO_LOCAL_HERE, FIB_TO_NO_HOST };

	for (size_t i = 0; i < sizeof(local) / sizeof(*local); i++) {
		struct rule *rule = build_rule(rules, chain);

		if (side != SIDE_TO)
			build_term(rule, TERM_AH, NULL, NULL);
		build_set_term(rule, ports, side);
		build_fib(rule, local[i]);
		add_goto(rule, to);
	}
}

/* --- forged -------------------------------------------------------------------------------------- */

static void
add_forged_chain(struct rules *rules)
{
	struct rule *rule;

	build_chain(rules, GUARD_FORGED);
	rule = build_rule(rules, GUARD_FORGED);
	build_term(rule, TERM_COUNTER, NULL, NULL);
	build_term(rule, TERM_DROP, NULL, NULL);
}

/* No host on the wire has an address to which this machine listens, broadcast, multicast and anycast included. */
static void
refuse_local(struct rules *rules, const char *chain)
{
	struct rule *rule;

	guard_flows_lo(rules, chain);
	rule = build_rule(rules, chain);
	build_term(rule, TERM_IPV4, NULL, NULL);
	build_fib(rule, FIB_FROM_NOT_UNICAST);
	add_goto(rule, GUARD_FORGED);
	add_fib_goto(rules, chain, FIB_FROM_LOCAL, GUARD_FORGED);
	add_fib_goto(rules, chain, FIB_FROM_LOCAL_HERE, GUARD_FORGED);
	add_fib_goto(rules, chain, FIB_FROM_ANYCAST, GUARD_FORGED);
}

static void
refuse_target(struct rules *rules, const struct port_set *target)
{
	struct rule *rule;

	if (!target)
		return;
	rule = build_rule(rules, GUARD_BEGINS);
	build_set_term(rule, target, SIDE_FROM);
	build_fib(rule, FIB_FROM_ELSEWHERE);
	add_goto(rule, GUARD_FORGED);
}

/* Not by "type unicast": before Linux 6.16 an IPv6 address to which only a route of a VRF leads is not. */
static void
return_delivered(struct rules *rules)
{
	static const enum fib_test v6[] = { FIB_TO_LOCAL, FIB_TO_ANYCAST, FIB_TO_MULTICAST };
	struct rule *rule = build_rule(rules, GUARD_BEGINS);

	build_fib(rule, FIB_TO_LOCAL_HERE);
	add_return(rule);
	rule = build_rule(rules, GUARD_BEGINS);
	build_term(rule, TERM_IPV4, NULL, NULL);
	build_fib(rule, FIB_TO_NOT_UNICAST);
	add_return(rule);
	for (size_t i = 0; i < sizeof(v6) / sizeof(v6[0]); i++) {
		rule = build_rule(rules, GUARD_BEGINS);
		build_term(rule, TERM_IPV6, NULL, NULL);
		build_fib(rule, v6[i]);
		add_return(rule);
	}
}

/*
 * A Target is behind the interface to which the route to it leads, and so is the host behind a published port, which is
 * not known here: any packet that is forwarded counts. Only the beginning of a flow is looked at, so that the answers
 * of others pass on whatever way they come.
 */
static void
add_begins_chain(struct rules *rules, const struct guard_sets *sets)
{
	struct rule *rule;

	build_chain(rules, GUARD_BEGINS);
	refuse_local(rules, GUARD_BEGINS);
	add_track_return(rules, GUARD_BEGINS, TRACK_NOT_NEW);
	refuse_target(rules, sets->target4);
	refuse_target(rules, sets->target6);
	if (!sets->local)
		return;
	return_delivered(rules);
	rule = build_rule(rules, GUARD_BEGINS);
	build_set_term(rule, sets->local, SIDE_FROM);
	build_fib(rule, FIB_FROM_ELSEWHERE);
	add_goto(rule, GUARD_FORGED);
}

/*
 * Tracking looks behind an authentication header of IPv6, nft does not: the flow would be entered, with ports that no
 * rule has seen. So these packets are judged by what tracking has read. A new flow to a guarded port is refused even
 * for clients that have knocked: after IPsec the kernel sends the packet through this hook again, without the header,
 * but by then the flow would be known.
 */
static void
add_hidden_chain(struct rules *rules, const struct guard_sets *sets)
{
	struct rule *rule;

	build_chain(rules, GUARD_HIDDEN);
	refuse_local(rules, GUARD_HIDDEN);
	add_track_return(rules, GUARD_HIDDEN, TRACK_NOT_NEW);
	add_fib_goto(rules, GUARD_HIDDEN, FIB_FROM_ELSEWHERE, GUARD_FORGED);
	if (sets->local)
		guard_flows_local(rules, sets->local, GUARD_HIDDEN, SIDE_TRACKED_TO, GUARD_FORGED);
	if (!sets->target6)
		return;
	rule = build_rule(rules, GUARD_HIDDEN);
	build_term(rule, TERM_AH, NULL, NULL);
	build_set_term(rule, sets->target6, SIDE_TRACKED_TO);
	add_goto(rule, GUARD_FORGED);
}

/* --- VRF ----------------------------------------------------------------------------------------- */

static const enum term_kind protos[] = { TERM_TCP, TERM_UDP };

static void
add_tracked(struct rules *rules, const char *chain, enum term_kind proto, const struct port_set *set, const char *to)
{
	struct rule *rule;

	if (!set)
		return;
	rule = build_rule(rules, chain);
	build_term(rule, proto, NULL, NULL);
	build_set_term(rule, set, SIDE_TRACKED_TO);
	build_term(rule, to ? TERM_GOTO : TERM_RETURN, to, NULL);
}

/* What clients send, and not the answers to it: of these the port is that of the other end. */
static void
add_cut_vrf_chain(struct rules *rules, const struct guard_sets *sets)
{
	if (!sets->cut)
		return;
	build_chain(rules, GUARD_CUT_VRF);
	for (size_t i = 0; i < sizeof(protos) / sizeof(protos[0]); i++) {
		add_tracked(rules, GUARD_CUT_VRF, protos[i], sets->begun, NULL);
		add_tracked(rules, GUARD_CUT_VRF, protos[i], sets->open4, NULL);
		add_tracked(rules, GUARD_CUT_VRF, protos[i], sets->open6, NULL);
		add_tracked(rules, GUARD_CUT_VRF, protos[i], sets->cut, GUARD_SHUT);
	}
}

/*
 * In a VRF a packet passes this hook twice, with DNAT in between. The first time the kernel may not see that its
 * address is local. So the second time the port that the client sent to is judged, whatever the address was.
 */
static void
add_vrf_chain(struct rules *rules, const struct guard_sets *sets)
{
	struct rule *rule;

	add_cut_vrf_chain(rules, sets);
	build_chain(rules, GUARD_VRF);
	if (sets->cut) {
		rule = build_rule(rules, GUARD_VRF);
		build_track(rule, TRACK_ORIGINAL);
		build_term(rule, TERM_JUMP, GUARD_CUT_VRF, NULL);
	}
	add_track_return(rules, GUARD_VRF, TRACK_NOT_NEW);
	for (size_t i = 0; i < sizeof(protos) / sizeof(protos[0]); i++) {
		add_tracked(rules, GUARD_VRF, protos[i], sets->open4, NULL);
		add_tracked(rules, GUARD_VRF, protos[i], sets->open6, NULL);
		add_tracked(rules, GUARD_VRF, protos[i], sets->local, GUARD_SHUT);
	}
}

/* --- all of it ----------------------------------------------------------------------------------- */

void
guard_flows_chains(struct rules *rules, const struct guard_sets *sets)
{
	add_forged_chain(rules);
	add_begins_chain(rules, sets);
	add_hidden_chain(rules, sets);
	if (sets->local)
		add_vrf_chain(rules, sets);
}

void
guard_flows_base(struct rules *rules, const struct guard_sets *sets, const char *chain)
{
	struct rule *rule = build_rule(rules, chain);

	build_term(rule, TERM_AH, NULL, NULL);
	build_term(rule, TERM_IPV6, NULL, NULL);
	add_goto(rule, GUARD_HIDDEN);
	if (!sets->local)
		return;
	rule = build_rule(rules, chain);
	build_term(rule, TERM_VRF, NULL, NULL);
	build_track(rule, TRACK_DNAT);
	add_goto(rule, GUARD_VRF);
}
