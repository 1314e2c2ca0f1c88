/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the two halves of the rules are built with. */
#ifndef KNOCKD_RULES_BUILD_H
#define KNOCKD_RULES_BUILD_H

#include "rules.h"

/* Valid until the next set is added. NULL: no memory. */
struct port_set *rules_add_set(struct rules *rules, enum port_key key, const char *name);
int rules_add_entry(struct port_set *set, const struct addr *target, const struct knock_port *port);

/* One that packets fill. -1: no memory. */
int rules_add_dynamic_set(struct rules *rules, enum port_key key, const char *name, uint32_t size, uint32_t timeout);

void rules_add_chain(struct rules *rules, const char *name);
void rules_add_base_chain(struct rules *rules, const char *name, int priority);
struct rule *rules_add_rule(struct rules *rules, const char *chain); /* there is room for it */
void rules_add_term(struct rule *rule, enum term_kind kind, const char *name, const struct port_set *set);

/*
 * What a base chain asks first, see RULES_COMPARED_MAX: packets to these ports go on to chain `to`. Ports are
 * collected, closed before the first rule, and sorted then; names are those of the sets, should there be any. -1: no
 * memory.
 */
int rules_add_port(struct ports *ports, const struct knock_port *port);
int rules_close_ports(struct rules *rules, struct ports *ports, const char *name, const char *numbers_name);
void rules_add_port_rules(struct rules *rules, const char *chain, const struct ports *ports, const char *to);

/* The end of a rule for packets that the engine is to see. */
void rules_add_capture(const struct rules *rules, struct rule *rule, enum capture_way way);

enum port_key rules_key_of(const struct door *door);

/* How much of one source is reported: sets, and at most this many rules for the beginning of `report`. */
#define RULES_RATES_MAX 2
int rules_add_rate_sets(struct rules *rules, const struct conf *conf);
void rules_add_rates(struct rules *rules);

/*
 * Who is on the way through a sequence, and the packets of theirs that are no knocks: sets, rules for `report`, and
 * what comes behind the base chain's rule for knocks. At most this many rules, and one for each interface.
 */
#define RULES_KNOCKERS_MAX (14 + RULES_COMPARED_MAX)
int rules_add_knocker_sets(struct rules *rules, const struct conf *conf);
void rules_add_knockers(struct rules *rules);
void rules_add_stray_chains(struct rules *rules, const struct conf *conf);
void rules_add_strays(struct rules *rules);

/* A rule for each interface of the configuration: what comes in there goes to the other chain. */
void rules_add_interfaces(struct rules *rules, const struct conf *conf, const char *chain, const char *to);

/* The guard's half: its sets, at most this many rules, and these. */
#define RULES_GUARD_MAX (20 + RULES_COMPARED_MAX)
int rules_add_guard_sets(struct rules *rules, const struct conf *conf);
void rules_add_guard(struct rules *rules, const struct conf *conf);

#endif
