/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "admin_json.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "access/command.h"
#include "conf/element.h"
#include "config.h"
#include "lib/seq.h"
#include "lib/text.h"
#include "signed/invitation.h"
#include "signed/serverkey.h"

json_t *
admin_json_text(const char *text)
{
	char clean[COMMAND_LEN_MAX * 3]; /* commands are the longest texts; U+FFFD takes 3 bytes */

	return json_string(text_utf8(text, false, clean, sizeof(clean)));
}

static json_t *
address(const struct addr *addr)
{
	char text[ADDR_STRLEN];

	return json_string(addr_format(addr, text));
}

static json_t *
integer_or_null(bool known, int64_t n)
{
	return known ? json_integer(n) : json_null();
}

/* ---- the daemon -------------------------------------------------------------------------------- */

/* Resident memory in KiB; null without the process or /proc. */
static json_t *
memory(pid_t pid)
{
	char path[64];
	unsigned long long total, resident;
	FILE *file;
	bool known;

	snprintf(path, sizeof(path), "/proc/%ld/statm", (long)pid);
	file = pid ? fopen(path, "re") : NULL;
	known = file && fscanf(file, "%llu %llu", &total, &resident) == 2;
	if (file)
		fclose(file);
	return integer_or_null(known,
			       known ? (int64_t)(resident * (unsigned long long)sysconf(_SC_PAGESIZE) / 1024) : 0);
}

static json_t *
capture(const struct conf *conf)
{
	switch (conf->capture) {
	case CONF_CAPTURE_NFLOG:
		break;
	case CONF_CAPTURE_NFQUEUE:
		return json_sprintf("nfqueue %u", conf->queue_num);
	}
	return json_sprintf("nflog group %u", conf->nflog_group);
}

static const char *
name_of_table(enum view_table table)
{
	switch (table) {
	case VIEW_TABLE_NONE:
		break;
	case VIEW_TABLE_OWNED:
		return "owned";
	case VIEW_TABLE_SHARED:
		return "shared";
	case VIEW_TABLE_UNSUPPORTED:
		return "unsupported";
	}
	return "none";
}

json_t *
admin_json_status(const struct admin_view *v, bool all)
{
	pid_t engine = v->engine_pid, keeper = v->keeper_pid;

	return json_pack("{s:s, s:I, s:o, s:o, s:I, s:o, s:o, s:o, s:s, s:s, s:I, s:I, s:I, s:o, s:I, s:o, s:o, s:o}",
			 "version", PACKAGE_VERSION, "pid", (json_int_t)getpid(), "engine_pid",
			 integer_or_null(engine, engine), "keeper_pid", integer_or_null(keeper, keeper), "uptime_ms",
			 (json_int_t)(moment_now().boot_ms - v->started_ms), "config", admin_json_text(v->config),
			 "interfaces", admin_json_text(v->conf->interface_text ? v->conf->interface_text : "any"),
			 "capture", capture(v->conf), "rules", v->conf->rules == CONF_RULES_AUTO ? "auto" : "none",
			 "table", name_of_table(v->table), "doors", (json_int_t)v->conf->n_doors, "grants",
			 (json_int_t)grants_count(v->tools->grants), "commands",
			 (json_int_t)closings_count(v->tools->closings), "attempts",
			 integer_or_null(all, (int64_t)v->counters.attempts), "engine_restarts",
			 (json_int_t)v->engine_restarts, "memory_kib", memory(all ? getpid() : 0), "engine_memory_kib",
			 memory(all ? engine : 0), "keeper_memory_kib", memory(all ? keeper : 0));
}

/* Nothing on a gateway of its own. */
static json_t *
add_share(json_t *stats, const struct admin_view *v)
{
	struct sharing_state s = { .up = false };
	bool on = sharing_look(v->tools->sharing, &s);
	const struct {
		const char *name;
		uint64_t n;
	} numbers[] = {
		{ "share_up", s.up },
		{ "share_accesses", s.known },
		{ "share_sent", s.sent },
		{ "share_dropped", s.dropped },
		{ "share_received", s.received },
		{ "share_bad_seals", s.bad },
		{ "share_stale", s.stale },
		{ "share_refused", s.refused },
		{ "share_gaps", s.gaps },
		{ "share_resyncs", s.resyncs },
		{ "share_links", s.links },
		{ "share_link_faults", s.faults },
		{ "share_claims_yes", s.claims_yes },
		{ "share_claims_no", s.claims_no },
		{ "share_claims_unknown", s.claims_unknown },
		{ "share_rtt_us", s.rtt_us },
	};

	for (size_t i = 0; on && i < sizeof(numbers) / sizeof(numbers[0]); i++)
		json_object_set_new(stats, numbers[i].name, json_integer((json_int_t)numbers[i].n));
	return stats;
}

json_t *
admin_json_stats(const struct admin_view *v, const struct admin_tally *tally, bool all)
{
	const struct counters *c = &v->counters;
	const struct {
		const char *name;
		uint64_t n;
		bool secret; /* a packet that opens nothing may change it */
	} numbers[] = {
		{ "packets", c->packets, true },
		{ "lost", c->lost, true },
		{ "overruns", c->overruns, true },
		{ "bad_messages", c->bad_messages, true },
		{ "cut", c->cut, true },
		{ "malformed", c->malformed, true },
		{ "fragments", c->fragments, true },
		{ "other", c->other, true },
		{ "attempts", c->attempts, true },
		{ "evicted", c->evicted, true },
		{ "scans", c->scans, true },
		{ "signed_garbage", c->auth_garbage, true },
		{ "signed_repeated", c->auth_repeated, true },
		{ "signed_limited", c->auth_limited, true },
		{ "signed_opened", c->auth_opened, true },
		{ "signed_refused", tally->signed_refused, true },
		{ "suppressed", c->suppressed, true },
		{ "openings", tally->openings, false },
		{ "refused", v->tools->refusals->total + tally->refused, false },
		{ "timeouts", tally->timeouts, true },
		{ "grants", grants_count(v->tools->grants), false },
		{ "commands", closings_count(v->tools->closings), false },
		{ "doors", v->conf->n_doors, false },
		{ "engine_restarts", v->engine_restarts, false },
		{ "uptime_ms", (uint64_t)(moment_now().boot_ms - v->started_ms), false },
	};
	json_t *stats = json_object();

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (all || !numbers[i].secret)
			json_object_set_new(stats, numbers[i].name, json_integer((json_int_t)numbers[i].n));
	}
	return add_share(stats, v);
}

/* ---- doors ------------------------------------------------------------------------------------- */

static json_t *
set_name(const struct element *e)
{
	char name[2 * ELEMENT_NAME_MAX + 32];

	snprintf(name, sizeof(name), "%s %s %s", element_family_name(e->family), e->table, e->set);
	return admin_json_text(name);
}

static void
append_elements(json_t *list, const struct element_list lists[CONF_FAMILIES])
{
	for (enum conf_family f = CONF_V4; f < CONF_FAMILIES; f++) {
		for (size_t i = 0; i < lists[f].n; i++)
			json_array_append_new(list, set_name(&lists[f].at[i]));
	}
}

static json_t *
sets(const struct element_list lists[CONF_FAMILIES])
{
	json_t *list = json_array();

	append_elements(list, lists);
	return list;
}

/* "22:tcp" each. */
static json_t *
ports(const struct seq *seq)
{
	json_t *list = json_array();

	for (size_t i = 0; i < seq->n; i++)
		json_array_append_new(list, json_sprintf("%u:%s", seq->at[i].port, seq_proto_name(seq->at[i].proto)));
	return list;
}

static bool
has_command(char *const commands[CONF_FAMILIES])
{
	for (enum conf_family f = CONF_V4; f < CONF_FAMILIES; f++)
		if (commands[f] && *commands[f])
			return true;
	return false;
}

/* The shortest timeout of the door's elements; null: none has one, and the sets decide. */
static json_t *
grant_time(const struct door *door)
{
	uint64_t least = 0;

	for (enum conf_family f = CONF_V4; f < CONF_FAMILIES; f++) {
		for (size_t i = 0; i < door->elements[DOOR_GRANTS][f].n; i++) {
			uint64_t ms = door->elements[DOOR_GRANTS][f].at[i].timeout_ms;

			if (ms && (!least || ms < least))
				least = ms;
		}
	}
	return integer_or_null(least, (int64_t)least);
}

/* What strangers' packets change is for `all` alone. */
static json_t *
add_stats(json_t *json, const struct doorstats_entry *s, bool all)
{
	const struct {
		const char *name;
		int64_t n;
		bool secret, moment; /* a moment: null for 0 */
	} numbers[] = {
		{ "live", (int64_t)s->live, false, false },
		{ "openings", (int64_t)s->openings, false, false },
		{ "refused", (int64_t)s->refusals, false, false },
		{ "last_opening_ms", s->open_ms, false, true },
		{ "signed_refused", (int64_t)s->signed_refusals, true, false },
		{ "hits", (int64_t)s->hits, true, false },
		{ "timeouts", (int64_t)s->timeouts, true, false },
		{ "scans", (int64_t)s->scans, true, false },
		{ "suppressed", (int64_t)s->suppressed, true, false },
		{ "last_hit_ms", s->hit_ms, true, true },
		{ "last_hit_stage", s->hit_stage, true, true },
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (all || !numbers[i].secret)
			json_object_set_new(json, numbers[i].name,
					    integer_or_null(!numbers[i].moment || numbers[i].n, numbers[i].n));
	return json;
}

json_t *
admin_json_door(const struct door *door, const struct doorstats_entry *stats, bool all)
{
	bool start = has_command((char *const *)door->start_command),
	     stop = has_command((char *const *)door->stop_command);
	bool closes = start && stop && door->cmd_timeout >= 0;
	json_t *json;

	json =
	    json_pack("{s:o, s:b, s:b, s:o, s:b, s:o, s:o, s:o, s:b, s:b, s:o, s:o, s:o, s:o, s:I, s:I, s:o}", "name",
		      admin_json_text(door->name), "enabled", door->seq.n > 0, "one_time", door->one_time_path != NULL,
		      "open", ports(&door->open), "cut", door->cut, "close", ports(&door->close), "grant",
		      sets(door->elements[DOOR_GRANTS]), "revoke", sets(door->elements[DOOR_REVOKES]), "command", start,
		      "stop_command", start && stop, "open_timeout_ms",
		      integer_or_null(door->open.n && door->open_timeout_ms, (int64_t)door->open_timeout_ms),
		      "idle_timeout_ms", integer_or_null(door->idle_ms, (int64_t)door->idle_ms), "grant_timeout_ms",
		      grant_time(door), "command_timeout_ms", integer_or_null(closes, door->cmd_timeout * 1000),
		      "sequence_timeout_ms", (json_int_t)door->seq_timeout * 1000, "cooldown_ms",
		      (json_int_t)door->cooldown * 1000, "target",
		      door->target.family ? address(&door->target) : json_null());
	return json ? add_stats(json, stats, all) : NULL;
}

/* ---- accesses ---------------------------------------------------------------------------------- */

/* Adds since_ms, until_ms and left_ms; the end is on the boot clock. */
static json_t *
set_times(json_t *object, int64_t since_wall_ms, int64_t end_boot_ms, struct moment now)
{
	bool ends = end_boot_ms != INT64_MAX;
	int64_t left = ends ? end_boot_ms - now.boot_ms : 0;

	json_object_set_new(object, "since_ms", integer_or_null(since_wall_ms, since_wall_ms));
	json_object_set_new(object, "until_ms", integer_or_null(ends, now.wall_ms + left));
	json_object_set_new(object, "left_ms", integer_or_null(ends, left > 0 ? left : 0));
	return object;
}

/* The key as nft writes it. */
static json_t *
key(const struct element *e, const struct addr *ip)
{
	char text[ELEMENT_TEXT_MAX], part[ELEMENT_TEXT_MAX];
	struct pen pen = text_pen(text, sizeof(text));

	for (size_t i = 0; i < e->n_parts; i++)
		text_write(&pen, i ? " . " : "", element_expand(e->parts[i], ip, part, sizeof(part)), NULL);
	return admin_json_text(text);
}

json_t *
admin_json_grant(const struct grant_view *g, struct moment now)
{
	json_t *json =
	    json_pack("{s:o, s:o, s:s, s:o, s:o, s:b}", "ip", address(g->ip), "door", admin_json_text(g->door), "kind",
		      "element", "set", set_name(g->element), "element", key(g->element, g->ip), "waiting", g->waiting);

	if (g->user)
		json_object_set_new(json, "user", admin_json_text(g->user));
	json_object_set_new(json, "idle_ms", integer_or_null(g->idle_ms, (int64_t)g->idle_ms));
	return set_times(json, g->since_wall_ms, g->end_boot_ms, now);
}

json_t *
admin_json_closing(const struct closing_view *c, struct moment now)
{
	return set_times(json_pack("{s:o, s:o, s:s, s:o}", "ip", address(c->ip), "door", admin_json_text(c->door),
				   "kind", "command", "stop_command", admin_json_text(c->stop)),
			 c->since_wall_ms, c->end_boot_ms, now);
}

json_t *
admin_json_attempt(const struct attempts_entry *a, const struct door *door, struct moment now)
{
	int64_t since = now.wall_ms - (now.boot_ms - a->since_ms);

	return set_times(json_pack("{s:o, s:o, s:I}", "ip", address(&a->ip), "door", admin_json_text(door->name),
				   "stage", (json_int_t)a->stage),
			 since, a->since_ms + door->seq_timeout * 1000, now);
}

/* ---- users of signed knocks ---------------------------------------------------------------------- */

json_t *
admin_json_gateway(const struct sharing_state *s)
{
	bool synced = s->synced_ago != UINT64_MAX;

	return json_pack("{s:o, s:b, s:b, s:b, s:b, s:o, s:o, s:I, s:I, s:I, s:I}", "gateway", admin_json_text(s->name),
			 "self", 1, "up", s->up, "synced", synced, "settled", s->settled, "server",
			 admin_json_text(s->reason), "synced_ago_ms", integer_or_null(synced, (int64_t)s->synced_ago),
			 "rtt_us", (json_int_t)s->rtt_us, "accesses", (json_int_t)s->known, "received",
			 (json_int_t)s->received, "bad_seals", (json_int_t)s->bad);
}

json_t *
admin_json_peer(const struct sharing_peer *p)
{
	return json_pack("{s:o, s:b, s:I, s:I, s:I}", "gateway", *p->name ? admin_json_text(p->name) : json_null(),
			 "self", 0, "heard_ago_ms", (json_int_t)p->heard_ago, "received", (json_int_t)p->received,
			 "gaps", (json_int_t)p->gaps);
}

json_t *
admin_json_user(const struct judge_user *u)
{
	return json_pack("{s:o, s:s, s:i, s:o, s:o, s:I, s:b}", "user", admin_json_text(u->name), "key", u->key, "line",
			 u->line, "last_ms", integer_or_null(u->last_wall_ms, u->last_wall_ms), "ip",
			 u->ip ? address(u->ip) : json_null(), "refused", (json_int_t)u->refused, "expired",
			 u->expired);
}

#ifdef HAVE_SODIUM

json_t *
admin_json_enrolment(const struct conf *conf, const struct door *door, const char *host)
{
	const struct knock_port *auth = seq_auth(&door->seq);
	struct invitation i = { .site = conf->server->at[0].site, .port = auth->port, .last = auth->last }, again;
	char text[INVITATION_LEN];
	const char *why;

	if (text_copy(i.host, sizeof(i.host), host) || text_copy(i.door, sizeof(i.door), door->name) ||
	    invitation_parse(&again, invitation_format(&i, text), &why))
		return NULL;
	return json_pack("{s:o, s:s}", "authorized_keys", admin_json_text(conf->authorized_keys), "invitation", text);
}

#else

json_t *
admin_json_enrolment(const struct conf *conf, const struct door *door, const char *host)
{
	(void)conf, (void)door, (void)host;
	return NULL;
}

#endif

/* ---- events ------------------------------------------------------------------------------------ */

static const char *
kind_name(enum event_kind kind)
{
	switch (kind) {
	case EVENT_STAGE:
		return "stage";
	case EVENT_OPEN:
		return "open";
	case EVENT_TIMEOUT:
		return "timeout";
	case EVENT_SCAN:
		return "scan";
	case EVENT_SUPPRESSED:
		return "suppressed";
	case EVENT_DROPPED:
		return "dropped";
	case EVENT_LOST:
		return "lost";
	case EVENT_AUTH:
		return "auth";
	case EVENT_CODE:
		return "code";
	case EVENT_READY:
	case EVENT_DEALT_WITH:
		break;
	}
	return "ready";
}

json_t *
admin_json_event(const struct event *event, const struct conf *conf, struct moment now)
{
	bool named = event->source.family;
	json_t *json = json_pack("{s:I, s:s}", "time_ms", (json_int_t)now.wall_ms, "event",
				 kind_name((enum event_kind)event->kind));

	if (event->kind != EVENT_LOST)
		json_object_set_new(json, "door", admin_json_text(conf->doors[event->door].name));
	if (named) {
		json_object_set_new(json, "ip", address(&event->source));
		if (event->kind != EVENT_OPEN) /* there it is the length of the sequence */
			json_object_set_new(json, "stage", json_integer(event->stage));
	} else {
		json_object_set_new(json, "count", json_integer(event->count));
	}
	return json;
}
