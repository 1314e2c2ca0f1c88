/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ruleset, as `nft -j` prints it: knockd's table, the sets that doors name, and the admin's chains around them.
 * Rules of iptables show what they match only in part, so they get the benefit of the doubt.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "lib/text.h"

#define KNOCKD_TABLE    "knockd"
#define KNOCKD_PRIORITY (-350)

/* ---- looking for things ---------------------------------------------------------------------------------- */

/* The object of this kind in the i-th place, or NULL. */
static const json_t *
at(const struct doctor *d, size_t i, const char *kind)
{
	return json_object_get(json_array_get(d->ruleset, i), kind);
}

static bool
is_of(const json_t *object, const char *family, const char *table)
{
	return !strcmp(doctor_text(object, "family"), family) && !strcmp(doctor_text(object, "table"), table);
}

static const json_t *
find(const struct doctor *d, const char *kind, const char *family, const char *table, const char *name)
{
	for (size_t i = 0; i < json_array_size(d->ruleset); i++) {
		const json_t *object = at(d, i, kind);

		if (object && is_of(object, family, table) && !strcmp(doctor_text(object, "name"), name))
			return object;
	}
	return NULL;
}

/* Does a text, or the name of a member, stand anywhere in it? Names of sets and words of nft need no escapes in JSON.
 */
static bool
mentions(const json_t *json, const char *text)
{
	char *dump = json ? json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY) : NULL, quoted[320];
	bool found;

	snprintf(quoted, sizeof(quoted), "\"%s\"", text);
	found = dump && strstr(dump, quoted);
	free(dump);
	return found;
}

static bool
has_rule(const struct doctor *d, const char *family, const char *table, const char *text)
{
	for (size_t i = 0; i < json_array_size(d->ruleset); i++) {
		const json_t *rule = at(d, i, "rule");

		if (rule && is_of(rule, family, table) && mentions(json_object_get(rule, "expr"), text))
			return true;
	}
	return false;
}

/* ---- what comes before ------------------------------------------------------------------------------------ */

static bool
is_earlier(const json_t *chain)
{
	const char *hook = doctor_text(chain, "hook");
	json_int_t priority = json_integer_value(json_object_get(chain, "prio"));

	return !strcmp(hook, "ingress") || (!strcmp(hook, "prerouting") && priority < KNOCKD_PRIORITY);
}

static bool
may_drop(const struct doctor *d, const json_t *chain)
{
	if (!strcmp(doctor_text(chain, "policy"), "drop"))
		return true;
	for (size_t i = 0; i < json_array_size(d->ruleset); i++) {
		const json_t *rule = at(d, i, "rule");

		if (rule && is_of(rule, doctor_text(chain, "family"), doctor_text(chain, "table")) &&
		    !strcmp(doctor_text(rule, "chain"), doctor_text(chain, "name")) &&
		    (mentions(json_object_get(rule, "expr"), "drop") ||
		     mentions(json_object_get(rule, "expr"), "reject")))
			return true;
	}
	return false;
}

void
doctor_before(struct doctor *d)
{
	char remedy[512];
	bool found = false;

	for (size_t i = 0; i < json_array_size(d->ruleset); i++) {
		const json_t *chain = at(d, i, "chain");

		if (!chain || !is_earlier(chain) || !strcmp(doctor_text(chain, "table"), KNOCKD_TABLE) ||
		    !may_drop(d, chain))
			continue;
		found = true;
		snprintf(remedy, sizeof(remedy), "nft list chain %s %s %s", doctor_text(chain, "family"),
			 doctor_text(chain, "table"), doctor_text(chain, "name"));
		doctor_bad(d, remedy, "the chain %s of table %s %s drops packets before knockd sees them",
			   doctor_text(chain, "name"), doctor_text(chain, "family"), doctor_text(chain, "table"));
	}
	if (d->ruleset && !found)
		doctor_good(d, "no other chain drops packets before knockd sees them");
}

/* ---- knockd's own ------------------------------------------------------------------------------------------ */

static bool
has_table(const struct doctor *d)
{
	for (size_t i = 0; i < json_array_size(d->ruleset); i++) {
		const json_t *table = at(d, i, "table");

		if (table && !strcmp(doctor_text(table, "family"), "inet") &&
		    !strcmp(doctor_text(table, "name"), KNOCKD_TABLE))
			return true;
	}
	return false;
}

static bool
logs_to(const struct doctor *d, json_int_t group)
{
	for (size_t i = 0; i < json_array_size(d->ruleset); i++) {
		const json_t *expr = json_object_get(at(d, i, "rule"), "expr");

		for (size_t e = 0; e < json_array_size(expr); e++) {
			const json_t *log = json_object_get(json_array_get(expr, e), "log");

			if (log && json_integer_value(json_object_get(log, "group")) == group)
				return true;
		}
	}
	return false;
}

void
doctor_table(struct doctor *d)
{
	if (!d->conf || !d->ruleset)
		return;
	if (d->conf->rules == CONF_RULES_AUTO) {
		if (has_table(d) && find(d, "chain", "inet", KNOCKD_TABLE, "prerouting"))
			doctor_good(d, "table inet " KNOCKD_TABLE " is in the kernel");
		else
			doctor_bad(d, d->status ? "knockctl reload" : "systemctl start knockd",
				   "table inet " KNOCKD_TABLE " is missing, so no packet is reported");
	} else if (d->conf->capture == CONF_CAPTURE_NFLOG) {
		if (logs_to(d, d->conf->nflog_group))
			doctor_good(d, "a rule of yours logs to group %u", d->conf->nflog_group);
		else
			doctor_bad(d, "knockd --print-rules",
				   "no rule logs to group %u, and Rules = none says that one of yours does",
				   d->conf->nflog_group);
	}
}

/* ---- sets --------------------------------------------------------------------------------------------------- */

static bool
has_flag(const json_t *set, const char *flag)
{
	return mentions(json_object_get(set, "flags"), flag);
}

static const char *
type_of(const struct element *element, enum conf_family family)
{
	return family == CONF_V6 || (element_prefix(element) > 32 && element_prefix(element) != ELEMENT_WHOLE)
		   ? "ipv6_addr"
		   : "ipv4_addr";
}

/* The type of one part of the key. TYPE: it is the admin's choice. */
static const char *
type_of_part(const struct element *e, const char *part, enum conf_family family)
{
	if (!strncmp(part, "%IP%", 4))
		return type_of(e, family);
	if (!strcmp(part, "tcp") || !strcmp(part, "udp") || !strcmp(part, "%PROTO%"))
		return "inet_proto";
	return part[strspn(part, "0123456789-")] == '\0' || !strcmp(part, "%PORT%") ? "inet_service" : "TYPE";
}

/* What is in the braces of a set that fits, as far as that is known. */
static const char *
definition(const struct element *e, enum conf_family family, char buf[static 256])
{
	bool interval = element_prefix(e) >= 0 && element_prefix(e) != ELEMENT_WHOLE;
	struct pen pen = text_pen(buf, 256);

	text_write(&pen, "type ", NULL);
	for (size_t i = 0; i < e->n_parts; i++)
		text_write(&pen, i ? " . " : "", type_of_part(e, e->parts[i], family), NULL);
	text_write(&pen, "; flags timeout", interval ? ", interval" : "", ";", NULL);
	return buf;
}

/* The rule that looks into a set of the element's type. */
static const char *
match(const struct element *e, enum conf_family family, char buf[static 256])
{
	struct pen pen = text_pen(buf, 256);

	for (size_t i = 0; i < e->n_parts; i++) {
		const char *type = type_of_part(e, e->parts[i], family);
		const char *field = strstr(type, "_addr")           ? family == CONF_V6 ? "ip6 saddr" : "ip saddr"
				    : !strcmp(type, "inet_proto")   ? "meta l4proto"
				    : !strcmp(type, "inet_service") ? "th dport"
								    : "FIELD";

		text_write(&pen, i ? " . " : "", field, NULL);
	}
	text_write(&pen, " @", e->set, e->n_parts == 1 ? " tcp dport PORT" : "", NULL);
	return buf;
}

static void
tell_no_set(struct doctor *d, const struct door *door, const struct element *e, enum conf_family family)
{
	const char *of = element_family_name(e->family);
	char text[256], remedy[640];

	snprintf(remedy, sizeof(remedy), "nft add set %s %s %s '{ %s }'", of, e->table, e->set,
		 definition(e, family, text));
	doctor_bad(d, remedy, "[%s] there is no set %s %s %s", door->name, of, e->table, e->set);
}

/* nft changes no set that is there, and deletes none that a rule uses. */
static void
tell_misfit(struct doctor *d, const struct door *door, const struct element *e, enum conf_family family,
	    const char *why)
{
	const char *of = element_family_name(e->family);
	char text[256], remedy[640];

	snprintf(remedy, sizeof(remedy), "table %s %s { set %s { %s } } in your ruleset, and load it anew", of,
		 e->table, e->set, definition(e, family, text));
	doctor_bad(d, remedy, "[%s] the set %s %s %s %s", door->name, of, e->table, e->set, why);
}

static size_t
count_parts(const json_t *set)
{
	const json_t *type = json_object_get(set, "type");

	return json_is_array(type) ? json_array_size(type) : 1;
}

static const char *
first_type(const json_t *set)
{
	const json_t *type = json_object_get(set, "type");

	return json_is_array(type) ? json_string_value(json_array_get(type, 0)) : json_string_value(type);
}

/* Why the set cannot take the element; NULL: nothing speaks against it. */
static const char *
misfit(const json_t *set, const struct element *e, enum conf_family family)
{
	const char *first = first_type(set);

	if (count_parts(set) != e->n_parts)
		return "has another number of parts than the element";
	if (!strcmp(e->parts[0], "%IP%") && first && strstr(first, "_addr") && strcmp(first, type_of(e, family)))
		return "is for addresses of another family";
	if (e->timeout_ms && !has_flag(set, "timeout") && !json_object_get(set, "timeout"))
		return "has no `flags timeout`, and the element has a time";
	if (element_prefix(e) >= 0 && element_prefix(e) != ELEMENT_WHOLE && !has_flag(set, "interval"))
		return "has no `flags interval`, and the element is a network";
	return NULL;
}

static const char *
input_chain(const struct doctor *d, const char *family, const char *table)
{
	for (size_t i = 0; i < json_array_size(d->ruleset); i++) {
		const json_t *chain = at(d, i, "chain");

		if (chain && is_of(chain, family, table) && !strcmp(doctor_text(chain, "hook"), "input"))
			return doctor_text(chain, "name");
	}
	return "CHAIN";
}

static void
check_set(struct doctor *d, const struct door *door, const struct element *e, enum conf_family family)
{
	const char *of = element_family_name(e->family), *why;
	const json_t *set = find(d, "set", of, e->table, e->set);
	char text[640], name[300], matched[256];

	if (!set)
		set = find(d, "map", of, e->table, e->set);
	if (!set) {
		tell_no_set(d, door, e, family);
		return;
	}
	why = misfit(set, e, family);
	if (why) {
		tell_misfit(d, door, e, family, why);
		return;
	}
	snprintf(name, sizeof(name), "@%s", e->set);
	if (has_rule(d, of, e->table, name)) {
		doctor_good(d, "[%s] the set %s %s %s is there, and a rule looks into it", door->name, of, e->table,
			    e->set);
		return;
	}
	snprintf(text, sizeof(text), "nft insert rule %s %s %s %s accept", of, e->table, input_chain(d, of, e->table),
		 match(e, family, matched));
	doctor_bad(d, text, "[%s] no rule looks into the set %s %s %s", door->name, of, e->table, e->set);
}

void
doctor_sets(struct doctor *d)
{
	for (size_t i = 0; d->conf && d->ruleset && i < d->conf->n_doors; i++) {
		const struct door *door = &d->conf->doors[i];

		for (enum conf_family f = CONF_V4; doctor_wants(d, door) && f < CONF_FAMILIES; f++)
			for (size_t e = 0; e < door->elements[DOOR_GRANTS][f].n; e++)
				check_set(d, door, &door->elements[DOOR_GRANTS][f].at[e], f);
	}
}

/* ---- the guard, and the firewall behind it ------------------------------------------------------------------- */

static bool
has_port(const json_t *item, json_int_t port)
{
	const json_t *range = json_object_get(item, "range");

	if (range)
		return json_integer_value(json_array_get(range, 0)) <= port &&
		       port <= json_integer_value(json_array_get(range, 1));
	return json_is_integer(item) && json_integer_value(item) == port;
}

/* Does the rule's right side have this port, or is that not known? */
static bool
may_be_port(const json_t *right, json_int_t port)
{
	const json_t *list = json_object_get(right, "set");

	if (json_is_integer(right) || json_object_get(right, "range"))
		return has_port(right, port);
	for (size_t i = 0; i < json_array_size(list); i++)
		if (has_port(json_array_get(list, i), port))
			return true;
	return !list;
}

/* Could this rule accept a new connection of any client to the port? */
static bool
may_accept(const json_t *rule, const struct knock_port *port)
{
	const json_t *expr = json_object_get(rule, "expr");

	if (!mentions(expr, "accept") && !mentions(expr, "jump") && !mentions(expr, "goto"))
		return false;
	for (size_t i = 0; i < json_array_size(expr); i++) {
		const json_t *match = json_object_get(json_array_get(expr, i), "match");
		const json_t *left = json_object_get(match, "left"), *right = json_object_get(match, "right");
		const json_t *payload = json_object_get(left, "payload");
		const char *key = doctor_text(json_object_get(left, "meta"), "key");

		if (!match || strcmp(doctor_text(match, "op"), "=="))
			continue;
		if (!strcmp(doctor_text(payload, "field"), "dport") &&
		    (strcmp(doctor_text(payload, "protocol"), seq_proto_name(port->proto)) ||
		     !may_be_port(right, port->port)))
			return false;
		if (!strncmp(key, "iif", 3) && json_is_string(right) && !strcmp(json_string_value(right), "lo"))
			return false;
		if (!strcmp(key, "l4proto") && !mentions(right, seq_proto_name(port->proto)))
			return false;
	}
	/* "ct state established" has no new connection */
	return !mentions(expr, "established") || mentions(expr, "new");
}

static bool
lets_pass(const struct doctor *d, const json_t *chain, const struct knock_port *port)
{
	for (size_t i = 0; i < json_array_size(d->ruleset); i++) {
		const json_t *rule = at(d, i, "rule");

		if (rule && is_of(rule, doctor_text(chain, "family"), doctor_text(chain, "table")) &&
		    may_accept(rule, port))
			return true;
	}
	return false;
}

static void
check_port(struct doctor *d, const struct door *door, const struct knock_port *port)
{
	char remedy[512];

	for (size_t i = 0; i < json_array_size(d->ruleset); i++) {
		const json_t *chain = at(d, i, "chain");
		const char *family = doctor_text(chain, "family"), *table = doctor_text(chain, "table");

		if (!chain || strcmp(doctor_text(chain, "hook"), "input") ||
		    strcmp(doctor_text(chain, "policy"), "drop") || lets_pass(d, chain, port))
			continue;
		snprintf(remedy, sizeof(remedy), "nft add rule %s %s %s %s dport %u accept", family, table,
			 doctor_text(chain, "name"), seq_proto_name(port->proto), port->port);
		doctor_bad(d, remedy, "[%s] the guard opens %u:%s, but chain %s of table %s %s drops it", door->name,
			   port->port, seq_proto_name(port->proto), doctor_text(chain, "name"), family, table);
	}
}

void
doctor_guard(struct doctor *d)
{
	bool guards = false;

	for (size_t i = 0; d->conf && d->ruleset && i < d->conf->n_doors; i++) {
		const struct door *door = &d->conf->doors[i];

		guards = guards || door->open.n;
		for (size_t p = 0; doctor_wants(d, door) && !door->target.family && p < door->open.n; p++)
			check_port(d, door, &door->open.at[p]);
	}
	if (!guards)
		return;
	if (find(d, "chain", "inet", KNOCKD_TABLE, "guard"))
		doctor_good(d, "the guard is in the kernel");
	else
		doctor_bad(d, "knockctl reload", "the guard is missing: the ports of open are open to everybody");
}

static bool
knows_states(const struct doctor *d, const json_t *chain)
{
	const char *family = doctor_text(chain, "family"), *table = doctor_text(chain, "table");

	return has_rule(d, family, table, "established") || has_rule(d, family, table, "xt");
}

/* Without it a connection ends with the access. */
void
doctor_established(struct doctor *d)
{
	char remedy[512];

	for (size_t i = 0; i < json_array_size(d->ruleset); i++) {
		const json_t *chain = at(d, i, "chain");

		if (!chain || strcmp(doctor_text(chain, "hook"), "input") ||
		    strcmp(doctor_text(chain, "policy"), "drop") || knows_states(d, chain))
			continue;
		snprintf(remedy, sizeof(remedy), "nft insert rule %s %s %s ct state established,related accept",
			 doctor_text(chain, "family"), doctor_text(chain, "table"), doctor_text(chain, "name"));
		doctor_bad(d, remedy,
			   "chain %s of table %s %s cuts connections off when an access ends: it has no rule for "
			   "established ones",
			   doctor_text(chain, "name"), doctor_text(chain, "family"), doctor_text(chain, "table"));
	}
}
