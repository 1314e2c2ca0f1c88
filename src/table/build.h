/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Builds a `struct rules`: each function appends one part. */
#ifndef KNOCKD_BUILD_H
#define KNOCKD_BUILD_H

#include "rules.h"

/* The result is valid until the next set is added. NULL: no memory. */
struct port_set *build_set(struct rules *rules, enum port_key key, const char *name);
int build_entry(struct port_set *set, const struct addr *target, const struct knock_port *port);

/* A set that packets fill. -1: no memory. */
int build_dynamic_set(struct rules *rules, enum port_key key, const char *name, uint32_t size, uint32_t timeout);

/* Sorts the entries of every set and drops repeated ones. */
void build_sort(struct rules *rules);

void build_chain(struct rules *rules, const char *name);
void build_base_chain(struct rules *rules, const char *name, enum chain_hook hook, int priority);
struct rule *build_rule(struct rules *rules, const char *chain); /* the caller has allocated enough rules */
void build_term(struct rule *rule, enum term_kind kind, const char *name, const struct port_set *set);
void build_set_term(struct rule *rule, const struct port_set *set, enum side side);
void build_track(struct rule *rule, enum track_test track);
void build_fib(struct rule *rule, enum fib_test fib);

/*
 * Is a packet to this machine? A packet that comes by a member of a VRF passes the prerouting hook twice: first as from
 * the member, then, after DNAT, as from the VRF. Before Linux 6.16 LOCAL_IN_MAIN looks into the main table only, and
 * the other two into the VRF. LOCAL_IN_VRF matches the second time only; it takes an address to which a
 * route leads out of the VRF for local, too. LOCAL_AT_MEMBER knows the member's own addresses alone, but the first
 * time.
 *
 * Without Interface packets that LOCAL_IN_MAIN matches are reported the first time, others the second time. The kernel
 * frees a packet that is queued the second time (vrf_rcv_finish() in drivers/net/vrf.c): a knock may be lost, the
 * packets behind it may not.
 */
enum local_way { LOCAL_IN_MAIN, LOCAL_IN_VRF, LOCAL_AT_MEMBER };
void build_local(struct rule *rule, enum local_way way);

/* In a chain for packets that come by a VRF: leaves out packets that were reported when they came by its member. */
void build_vrf_seen(struct rules *rules, const char *chain);

/* The same for all of them. */
void build_vrf_return(struct rules *rules, const char *chain);

/*
 * The first rules of a base chain send packets to (or from) these ports to chain `to`, see RULES_COMPARED_MAX. Call
 * build_port() for each port, then build_port_sets() before the first rule, which sorts the ports and adds sets of
 * these names if there are many ports. -1: no memory.
 */
int build_port(struct ports *ports, const struct knock_port *port);
int build_port_sets(struct rules *rules, struct ports *ports, const char *name, const char *numbers_name);
void build_port_rules(struct rules *rules, const char *chain, const struct ports *ports, const char *to);
void build_from_port_rules(struct rules *rules, const char *chain, const struct ports *ports, const char *to);

/* Has the door signed knocks, to ports that no door before it has? */
bool build_is_new_range(const struct conf *conf, size_t door);
void build_signed(struct rule *rule, const struct knock_port *auth);

/* See TERM_OVER. */
void build_over(struct rule *rule, uint32_t rate, uint32_t burst);

/* Ends a rule: its packets go to the engine; by NFLOG up to `threshold` of them in a message. */
void build_capture(const struct rules *rules, struct rule *rule, enum capture_way way, uint16_t threshold);

enum port_key build_key_of(const struct door *door);

/* A rule for each interface of the configuration: packets that arrive there go to chain `to`. */
void build_interfaces(struct rules *rules, const struct conf *conf, const char *chain, const char *to);

#endif
