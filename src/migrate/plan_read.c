/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One door: what its commands do, as far as that can be told without its neighbours. */
#include "plan_read.h"

#include <stdlib.h>
#include <string.h>

#include "rule_lookup.h"
#include "rule_read.h"

struct reading {
	struct plan *plan;
	struct plan_door *to;
	struct rule rules[4 * SHELL_COMMANDS];
	size_t n, n_start; /* those of the start commands come first */
	size_t from;       /* those that are not settled */
	uint64_t sleep_ms; /* of the command line being read; 0: it has not slept yet */
};

static void
stay(struct reading *r, const char *reason)
{
	r->to->role = PLAN_STAYS;
	if (!r->to->reason)
		r->to->reason = reason ? reason : "out of memory";
}

bool
plan_read_is_lookup(const struct rule *rule)
{
	return rule->tool == RULE_NFT && !rule->adds && !rule->key && rule->chain;
}

void
plan_read_resolve(struct rule *lookup, const struct rule *adds)
{
	lookup->key = adds->key;
	lookup->families = adds->families;
	lookup->ports = adds->ports;
	lookup->table = adds->table;
	lookup->input = adds->input;
}

/* What knockd 0.8's users write for "no command". */
static bool
is_nothing(const char *value)
{
	return !value || !*value || !strcmp(value, ":") || !strcmp(value, "true") || !strcmp(value, "/bin/true");
}

/* NULL: there is no room. */
static struct rule *
next_rule(struct reading *r, const char *name)
{
	if (r->n < sizeof(r->rules) / sizeof(r->rules[0]))
		return &r->rules[r->n];
	stay(r, arena_print(r->plan->arena, "%s has too many parts", name));
	return NULL;
}

/* Also keeps a rule that could not be read: it may have ports. */
static void
read_command(struct reading *r, const struct shell_command *command, const char *name)
{
	struct rule *rule = next_rule(r, name);
	const char *why;

	if (!rule)
		return;
	r->n++;
	if (rule_read(rule, command, r->plan->arena, &why)) {
		rule->key = NULL;
		stay(r, arena_print(r->plan->arena, "%s %s", name, why));
	}
	rule->later = r->sleep_ms;
}

static bool
is_there(const struct reading *r, const struct rule *rule)
{
	for (size_t i = r->from; i < r->n; i++)
		if (r->rules[i].key && rule->key && !r->rules[i].lasting && !strcmp(r->rules[i].key, rule->key))
			return true;
	return false;
}

/*
 * What firewalld keeps for its next start takes effect when it is reloaded, which ends all that was opened for now.
 * Drops the reloads, and rules that are there twice: for now, and for later.
 */
static void
settle(struct reading *r, const char *name)
{
	size_t from = r->from, n = from, reload = from;

	for (size_t i = from; i < r->n; i++)
		reload = r->rules[i].reloads ? i : reload;
	for (size_t i = from; i < r->n; i++) {
		const struct rule *rule = &r->rules[i];
		bool loaded = i < reload;

		if (rule->tool != RULE_FIREWALLD || rule->reloads || !rule->key)
			continue;
		if (!rule->lasting && loaded && rule->adds)
			stay(r, arena_print(r->plan->arena,
					    "%s reloads firewalld, which ends what was not opened with --permanent",
					    name));
		if (rule->lasting && !loaded && !is_there(r, rule))
			stay(r, arena_print(r->plan->arena, "%s changes only the rules for the next start of firewalld",
					    name));
	}
	for (size_t i = from; i < r->n; i++) {
		const struct rule *rule = &r->rules[i];

		if (!rule->reloads && !(rule->lasting && is_there(r, rule)))
			r->rules[n++] = *rule;
	}
	if (r->n > from && n == from)
		stay(r, arena_print(r->plan->arena, "%s only reloads firewalld", name));
	r->n = r->from = n;
}

/* "open; sleep 30; close": what is behind it is a stop command. */
static void
take_sleep(struct reading *r, uint64_t ms, const char *name)
{
	if (r->sleep_ms)
		stay(r, arena_print(r->plan->arena, "%s sleeps more than once", name));
	settle(r, name);
	r->sleep_ms = ms;
}

static void
read_one(struct reading *r, const struct shell_command *command, const char *name)
{
	uint64_t ms;

	if (rule_sleeps(command, &ms))
		take_sleep(r, ms, name);
	else
		read_command(r, command, name);
}

static bool
split(struct reading *r, struct shell *shell, const char *text, const char *name)
{
	const char *why;

	if (!shell_split(shell, text, r->plan->arena, &why))
		return true;
	stay(r, arena_print(r->plan->arena, "%s %s", name, why));
	return false;
}

static void
read_script(struct reading *r, const char *text, const char *name)
{
	struct shell shell;

	if (split(r, &shell, text, name))
		for (size_t i = 0; i < shell.n; i++)
			read_one(r, &shell.at[i], name);
}

static void
read_text(struct reading *r, const char *text, const char *name)
{
	struct shell shell;

	if (!split(r, &shell, text, name))
		return;
	for (size_t i = 0; i < shell.n; i++) {
		const char *script = rule_script(&shell.at[i]);

		if (script)
			read_script(r, script, name);
		else
			read_one(r, &shell.at[i], name);
	}
}

static void
read_commands(struct reading *r, const struct source_place *place, const char *name)
{
	struct rule *rule;

	r->from = r->n;
	r->sleep_ms = 0;
	if (place->n > 1)
		stay(r, arena_print(r->plan->arena, "%s is there more than once, and only the last one counts", name));
	if (is_nothing(place->value) || !(rule = next_rule(r, name)))
		return;
	if (rule_lookup(rule, place->value, r->plan->arena)) {
		r->n++;
		return;
	}
	read_text(r, place->value, name);
	settle(r, name);
}

/* Puts what the start commands do behind a sleep among the stop commands. */
static void
read_start(struct reading *r, const struct source_place *keys)
{
	struct rule *all = r->rules;
	uint64_t ms;
	size_t n = 0;

	read_commands(r, &keys[SOURCE_START], "its command");
	ms = r->sleep_ms;
	read_commands(r, &keys[SOURCE_START_6], "its command_6");
	if (ms && r->sleep_ms && ms != r->sleep_ms)
		stay(r, "its command and its command_6 sleep for different times");
	r->to->sleep_ms = ms ? ms : r->sleep_ms;
	for (size_t i = 0; i < r->n; i++) {
		const struct rule rule = all[i];

		if (rule.later)
			continue;
		memmove(&all[n + 1], &all[n], (i - n) * sizeof(*all));
		all[n++] = rule;
	}
	r->n_start = n;
	if (r->to->sleep_ms && (!n || n == r->n))
		stay(r, "its command sleeps before it begins, or at its end");
}

static void
read_stop(struct reading *r, const struct source_place *keys)
{
	size_t n = r->n;

	read_commands(r, &keys[SOURCE_STOP], "its stop command");
	if (r->sleep_ms)
		stay(r, "its stop command sleeps");
	read_commands(r, &keys[SOURCE_STOP_6], "its stop command_6");
	if (r->sleep_ms)
		stay(r, "its stop command_6 sleeps");
	r->to->has_stop = !is_nothing(keys[SOURCE_STOP].value) || !is_nothing(keys[SOURCE_STOP_6].value);
	if (r->to->sleep_ms && (r->to->has_stop || r->n > n))
		stay(r, "both its command and its stop command end the access");
	r->to->has_stop = r->to->has_stop || r->to->sleep_ms;
}

static size_t
count(const struct rule *rules, size_t n, const char *key)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		found += !strcmp(rules[i].key, key);
	return found;
}

/* Why the stop command is not the inverse of the start command; NULL: it is. To delete once more is to make sure. */
static const char *
why_not_inverse(const struct reading *r)
{
	const struct rule *starts = r->rules, *stops = r->rules + r->n_start;
	size_t n_stops = r->n - r->n_start;

	for (size_t i = 0; i < n_stops; i++)
		if (stops[i].adds)
			return "its stop command adds rules";
	for (size_t i = 0; i < r->n_start; i++)
		if (count(stops, n_stops, starts[i].key) < count(starts, r->n_start, starts[i].key))
			return "its stop command is not the exact inverse: it leaves open what the start command opens";
	for (size_t i = 0; i < n_stops; i++)
		if (!count(starts, r->n_start, stops[i].key))
			return "its stop command is not the exact inverse: it deletes more than the start command adds";
	return NULL;
}

static void
judge_time(struct reading *r, const struct door *door)
{
	uint64_t own = r->rules[0].timeout_ms;
	const char *why;

	for (size_t i = 0; i < r->n_start; i++) {
		if (r->rules[i].timeout_ms != own) {
			stay(r, "its rules end at different times");
			return;
		}
	}
	r->to->timeout_ms = own;
	if (!r->to->has_stop)
		return;
	why = why_not_inverse(r);
	if (own)
		stay(r, "both the firewall and stop_command end the access");
	else if (!r->to->sleep_ms && door->cmd_timeout <= 0)
		stay(r, "with this cmd_timeout the stop command runs at once or never");
	else if (why)
		stay(r, why);
	r->to->timeout_ms = r->to->sleep_ms ? r->to->sleep_ms : (uint64_t)door->cmd_timeout * 1000;
}

/* A stop command that looks up its rule means the one that the start command adds. */
static void
resolve_lookups(struct reading *r)
{
	for (size_t i = r->n_start; i < r->n; i++) {
		struct rule *rule = &r->rules[i];
		const struct rule *start = r->rules;

		if (r->n_start == 1 && plan_read_is_lookup(rule) && start->key && start->chain &&
		    !strcmp(start->chain, rule->chain))
			plan_read_resolve(rule, start);
		else if (plan_read_is_lookup(rule))
			stay(r, PLAN_READ_UNCLEAR);
	}
}

/* All rules could be read. */
static void
judge(struct reading *r, const struct door *door)
{
	bool adds = r->rules[0].adds;

	for (size_t i = 1; i < r->n_start; i++)
		if (r->rules[i].adds != adds)
			stay(r, "its command adds and deletes rules");
	if (!adds && r->to->has_stop)
		stay(r, "its start command deletes, and there is a stop command");
	if (r->to->role == PLAN_STAYS)
		return;
	r->to->role = adds ? PLAN_OPENER : PLAN_CLOSER;
	if (adds)
		judge_time(r, door);
}

static bool
has_actions(const struct door *door)
{
	bool has = door->open.n || door->close.n;

	for (enum conf_family f = CONF_V4; f < CONF_FAMILIES; f++)
		has = has || door->elements[DOOR_GRANTS][f].given || door->elements[DOOR_REVOKES][f].given;
	return has;
}

static int
read_door(struct reading *r, size_t d)
{
	const struct source_place *keys = r->plan->source->doors[d].keys;
	struct plan_door *to = &r->plan->doors[d];

	*to = (struct plan_door){ .role = PLAN_SILENT, .group = d };
	if (is_nothing(keys[SOURCE_START].value) && is_nothing(keys[SOURCE_START_6].value))
		return 0;
	r->to = to;
	r->n = 0;
	read_start(r, keys);
	read_stop(r, keys);
	resolve_lookups(r);
	if (has_actions(&r->plan->conf->doors[d]))
		stay(r, "it has other actions beside the command");
	if (keys[SOURCE_CMD_TIMEOUT].n > 1)
		stay(r, "cmd_timeout is there more than once, and only the last one counts");
	if (to->role != PLAN_STAYS)
		judge(r, &r->plan->conf->doors[d]);
	to->n_rules = to->role == PLAN_STAYS ? r->n : r->n_start;
	to->rules = arena_get(r->plan->arena, to->n_rules ? to->n_rules : 1, sizeof(*to->rules));
	if (!to->rules)
		return -1;
	memcpy(to->rules, r->rules, to->n_rules * sizeof(*to->rules));
	return 0;
}

int
plan_read(struct plan *plan)
{
	struct reading *r = calloc(1, sizeof(*r));
	int failed = r ? 0 : -1;

	if (r)
		r->plan = plan;
	for (size_t d = 0; !failed && d < plan->source->n_doors; d++)
		failed = read_door(r, d);
	free(r);
	return failed;
}
