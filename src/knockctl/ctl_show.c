/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl_show.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/duration.h"
#include "lib/text.h"

#define CELL_MAX 512

bool
ctl_show_colour(void)
{
	const char *term = getenv("TERM"), *no_colour = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") && !(no_colour && *no_colour);
}

/* ---- values ------------------------------------------------------------------------------------ */

static const char *
text_of(const json_t *row, const char *name)
{
	const char *text = json_string_value(json_object_get(row, name));

	return text ? text : "";
}

static json_int_t
number_of(const json_t *row, const char *name)
{
	return json_integer_value(json_object_get(row, name));
}

static bool
has_number(const json_t *row, const char *name)
{
	return json_is_integer(json_object_get(row, name));
}

/* "1h30m", rounded up to seconds; "-" when there is none. */
static const char *
span_of(const json_t *row, const char *name, char buf[static CELL_MAX])
{
	json_int_t ms = (number_of(row, name) + 999) / 1000 * 1000;

	if (!has_number(row, name))
		snprintf(buf, CELL_MAX, "-");
	else if (ms <= 0)
		snprintf(buf, CELL_MAX, "0s");
	else
		duration_format((uint64_t)ms, buf, CELL_MAX);
	return buf;
}

/* Local time; "-" when unknown. */
static const char *
moment_of(const json_t *row, const char *name, bool dated, char buf[static CELL_MAX])
{
	time_t t = (time_t)(number_of(row, name) / 1000);
	struct tm tm;

	if (!has_number(row, name) || !localtime_r(&t, &tm) ||
	    !(dated ? strftime(buf, CELL_MAX, "%F %T", &tm) : strftime(buf, CELL_MAX, "%T", &tm)))
		snprintf(buf, CELL_MAX, "-");
	return buf;
}

static void append(char buf[static CELL_MAX], const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Adds an item to a list with commas. */
static void
append(char buf[static CELL_MAX], const char *fmt, ...)
{
	size_t used = strlen(buf);
	va_list ap;

	if (used && used < CELL_MAX - 3)
		used += (size_t)snprintf(buf + used, CELL_MAX - used, ", ");
	va_start(ap, fmt);
	vsnprintf(buf + used, CELL_MAX - used, fmt, ap);
	va_end(ap);
}

/* ---- one object -------------------------------------------------------------------------------- */

static void add_line(struct ctl_table *table, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void
add_line(struct ctl_table *table, const char *name, const char *fmt, ...)
{
	char text[CELL_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ctl_table_add(table, (const char *const[]){ name, text });
}

/* Adds ", NAME N UNIT" if the answer has the number. */
static void
append_number(char buf[static CELL_MAX], const json_t *s, const char *number, const char *name, const char *unit)
{
	if (has_number(s, number))
		append(buf, "%s%lld%s", name, (long long)number_of(s, number), unit);
}

static void
add_processes(struct ctl_table *table, const json_t *s)
{
	char pids[CELL_MAX] = "", memory[CELL_MAX] = "";

	append_number(pids, s, "pid", "", "");
	append_number(pids, s, "engine_pid", "engine ", "");
	if (!has_number(s, "engine_pid"))
		append(pids, "no engine");
	append_number(pids, s, "keeper_pid", "keeper ", "");
	append_number(memory, s, "memory_kib", "", " KiB");
	append_number(memory, s, "engine_memory_kib", "engine ", " KiB");
	append_number(memory, s, "keeper_memory_kib", "keeper ", " KiB");
	add_line(table, "processes", "%s", pids);
	if (*memory)
		add_line(table, "memory", "%s", memory);
}

/* See admin_json_status(). */
static void
add_table(struct ctl_table *table, const char *state)
{
	static const struct {
		const char *state, *text;
	} states[] = {
		{ "none", "none" },
		{ "owned", "inet knockd, owned: no other program can change it" },
		{ "shared", "inet knockd, not owned" },
		{ "unsupported", "inet knockd, not owned: this kernel cannot keep an owned table (Linux 6.9 can)" },
	};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (!strcmp(states[i].state, state))
			add_line(table, "table", "%s", states[i].text);
}

void
ctl_show_status(struct ctl_show *show, const json_t *s)
{
	struct ctl_table table;
	char span[CELL_MAX];

	ctl_table_init(&table, 2);
	add_line(&table, "version", "%s", text_of(s, "version"));
	add_line(&table, "running for", "%s", span_of(s, "uptime_ms", span));
	add_processes(&table, s);
	add_line(&table, "engine restarts", "%lld", (long long)number_of(s, "engine_restarts"));
	add_line(&table, "configuration", "%s", text_of(s, "config"));
	add_line(&table, "interfaces", "%s", text_of(s, "interfaces"));
	add_line(&table, "packets by", "%s, rules %s", text_of(s, "capture"), text_of(s, "rules"));
	add_table(&table, text_of(s, "table"));
	add_line(&table, "doors", "%lld", (long long)number_of(s, "doors"));
	add_line(&table, "open", "%lld by element, %lld by command", (long long)number_of(s, "grants"),
		 (long long)number_of(s, "commands"));
	if (has_number(s, "attempts"))
		add_line(&table, "attempts", "%lld under way", (long long)number_of(s, "attempts"));
	show->table.failed |= ctl_table_print(&table, false, false, show->out) != 0;
	ctl_table_free(&table);
}

/* ---- tables ------------------------------------------------------------------------------------ */

static void
add_row(struct ctl_show *show, size_t n_columns, const char *const *heads, const char *const *cells)
{
	if (!show->table.n_columns) {
		ctl_table_init(&show->table, n_columns);
		ctl_table_add(&show->table, heads);
	}
	ctl_table_add(&show->table, cells);
}

static void
append_sets(char buf[static CELL_MAX], const char *verb, const json_t *sets)
{
	for (size_t i = 0; i < json_array_size(sets); i++)
		append(buf, "%s %s", verb, json_string_value(json_array_get(sets, i)));
}

static const char *
opens(const json_t *door, char buf[static CELL_MAX])
{
	*buf = '\0';
	append_sets(buf, "open", json_object_get(door, "open"));
	append_sets(buf, "close", json_object_get(door, "close"));
	append_sets(buf, "grant", json_object_get(door, "grant"));
	append_sets(buf, "revoke", json_object_get(door, "revoke"));
	if (json_is_true(json_object_get(door, "command")))
		append(buf,
		       json_is_true(json_object_get(door, "stop_command")) ? "command and stop command" : "command");
	return *buf ? buf : "-";
}

static const char *
open_for(const json_t *door, char buf[static CELL_MAX])
{
	char span[CELL_MAX];

	*buf = '\0';
	if (has_number(door, "open_timeout_ms"))
		append(buf, "%s", span_of(door, "open_timeout_ms", span));
	if (has_number(door, "grant_timeout_ms"))
		append(buf, "%s", span_of(door, "grant_timeout_ms", span));
	if (has_number(door, "command_timeout_ms"))
		append(buf, "%s", span_of(door, "command_timeout_ms", span));
	return *buf ? buf : "-";
}

static const char *
notes(const json_t *door, char buf[static CELL_MAX])
{
	char span[CELL_MAX];

	*buf = '\0';
	if (!json_is_true(json_object_get(door, "enabled")))
		append(buf, "disabled");
	if (json_is_true(json_object_get(door, "one_time")))
		append(buf, "one-time");
	if (number_of(door, "cooldown_ms") > 0)
		append(buf, "cooldown %s", span_of(door, "cooldown_ms", span));
	if (*text_of(door, "target"))
		append(buf, "target %s", text_of(door, "target"));
	return buf;
}

void
ctl_show_door(struct ctl_show *show, const json_t *door)
{
	static const char *const heads[] = {
		"DOOR", "DOES", "OPEN FOR", "KNOCK IN", "LIVE", "OPENED", "LAST", "",
	};
	char does[CELL_MAX], open[CELL_MAX], knock[CELL_MAX], live[32], opened[32], last[CELL_MAX], rest[CELL_MAX];

	snprintf(live, sizeof(live), "%lld", (long long)number_of(door, "live"));
	snprintf(opened, sizeof(opened), "%lld", (long long)number_of(door, "openings"));
	add_row(show, 8, heads,
		(const char *const[]){ text_of(door, "name"), opens(door, does), open_for(door, open),
				       span_of(door, "sequence_timeout_ms", knock), live, opened,
				       moment_of(door, "last_opening_ms", true, last), notes(door, rest) });
}

/* "ADDRESS (NAME)", as in the log. */
static const char *
who(const json_t *row, char buf[static CELL_MAX])
{
	const char *host = text_of(row, "host");

	snprintf(buf, CELL_MAX, "%s%s%s%s", text_of(row, "ip"), *host ? " (" : "", host, *host ? ")" : "");
	return buf;
}

void
ctl_show_access(struct ctl_show *show, const json_t *a)
{
	static const char *const heads[] = { "CLIENT", "DOOR", "SINCE", "UNTIL", "LEFT", "BY" };
	static const char *const shared_heads[] = { "CLIENT", "DOOR", "SINCE", "UNTIL", "LEFT", "ORIGIN", "BY" };
	bool shared = show->table.n_columns == 7;
	char from[CELL_MAX], since[CELL_MAX], until[CELL_MAX], left[CELL_MAX], by[CELL_MAX];

	if (!strcmp(text_of(a, "kind"), "element"))
		snprintf(by, sizeof(by), "%s%s { %s }", json_is_true(json_object_get(a, "waiting")) ? "waits for " : "",
			 text_of(a, "set"), text_of(a, "element"));
	else
		snprintf(by, sizeof(by), "%s", text_of(a, "stop_command"));
	if (json_object_get(a, "origin"))
		shared = true;
	add_row(show, shared ? 7 : 6, shared ? shared_heads : heads,
		(const char *const[]){ who(a, from), text_of(a, "door"), moment_of(a, "since_ms", true, since),
				       moment_of(a, "until_ms", true, until), span_of(a, "left_ms", left),
				       shared ? text_of(a, "origin") : by, by });
}

/* The link of the gateway that was asked, or when another was heard of. */
static const char *
link_of(const json_t *p, char text[static CELL_MAX])
{
	char span[CELL_MAX];

	if (!json_is_true(json_object_get(p, "self")))
		snprintf(text, CELL_MAX, "heard of %s ago", span_of(p, "heard_ago_ms", span));
	else
		snprintf(text, CELL_MAX, "%s %s",
			 json_is_true(json_object_get(p, "up")) ? "connected to" : "down:", text_of(p, "server"));
	return text;
}

void
ctl_show_peer(struct ctl_show *show, const json_t *p)
{
	static const char *const heads[] = { "GATEWAY", "RECEIVED", "GAPS", "LINK" };
	char received[32], gaps[32] = "", link[CELL_MAX];

	snprintf(received, sizeof(received), "%lld", (long long)number_of(p, "received"));
	if (has_number(p, "gaps"))
		snprintf(gaps, sizeof(gaps), "%lld", (long long)number_of(p, "gaps"));
	add_row(show, 4, heads, (const char *const[]){ text_of(p, "gateway"), received, gaps, link_of(p, link) });
}

void
ctl_show_attempt(struct ctl_show *show, const json_t *a)
{
	static const char *const heads[] = { "CLIENT", "DOOR", "STAGE", "SINCE", "LEFT" };
	char from[CELL_MAX], stage[32], since[CELL_MAX], left[CELL_MAX];

	snprintf(stage, sizeof(stage), "%lld", (long long)number_of(a, "stage"));
	add_row(show, 5, heads,
		(const char *const[]){ who(a, from), text_of(a, "door"), stage, moment_of(a, "since_ms", true, since),
				       span_of(a, "left_ms", left) });
}

static void
print_table(struct ctl_show *show)
{
	if (ctl_table_print(&show->table, true, show->colour, show->out))
		show->table.failed = true;
}

static void
print_table_or(struct ctl_show *show, const char *none)
{
	if (show->table.n_columns)
		print_table(show);
	else
		fprintf(show->out, "%s\n", none);
}

void
ctl_show_user(struct ctl_show *show, const json_t *u)
{
	static const char *const heads[] = { "USER", "LAST KNOCK", "FROM", "REFUSED", "KEY", "" };
	char last[CELL_MAX], refused[CELL_MAX];

	snprintf(refused, sizeof(refused), "%lld", (long long)number_of(u, "refused"));
	add_row(show, 6, heads,
		(const char *const[]){ text_of(u, "user"), moment_of(u, "last_ms", true, last), text_of(u, "ip"),
				       refused, text_of(u, "key"),
				       json_is_true(json_object_get(u, "expired")) ? "expired" : "" });
}

void
ctl_show_users(struct ctl_show *show, const json_t *last)
{
	if (has_number(last, "reset"))
		ctl_show_outcome(show, last);
	else
		print_table_or(show, "no users");
}

void
ctl_show_doors(struct ctl_show *show, const json_t *last)
{
	(void)last;
	print_table_or(show, "no doors");
}

void
ctl_show_peers(struct ctl_show *show, const json_t *last)
{
	if (show->table.n_columns)
		print_table(show);
	else
		ctl_show_outcome(show, last);
}

void
ctl_show_accesses(struct ctl_show *show, const json_t *last)
{
	(void)last;
	print_table_or(show, "no open accesses");
}

void
ctl_show_attempts(struct ctl_show *show, const json_t *last)
{
	json_int_t n = number_of(last, "under_way");

	print_table(show);
	fprintf(show->out, "%lld under way\n", (long long)n);
}

/* ---- lines ------------------------------------------------------------------------------------- */

static void
print_text(struct ctl_show *show, const char *text)
{
	char clean[16384];

	fputs(text_utf8(text, true, clean, sizeof(clean)), show->out);
}

void
ctl_show_message(struct ctl_show *show, const json_t *row)
{
	print_text(show, text_of(row, "message"));
	fputc('\n', show->out);
}

void
ctl_show_outcome(struct ctl_show *show, const json_t *last)
{
	static const char *const counted[] = { "revoked", "extended", "granted", "reset" };

	for (size_t i = 0; i < sizeof(counted) / sizeof(counted[0]); i++) {
		if (has_number(last, counted[i])) {
			fprintf(show->out, "%lld %s\n", (long long)number_of(last, counted[i]), counted[i]);
			return;
		}
	}
	fputs("done\n", show->out);
}

void
ctl_show_good(struct ctl_show *show, const json_t *last)
{
	(void)last;
	fputs("configuration OK\n", show->out);
}

static const char *
colour_of(const char *event)
{
	if (!strcmp(event, "open"))
		return "\033[1;32m";
	if (!strcmp(event, "warning") || !strcmp(event, "scan") || !strcmp(event, "lost") || !strcmp(event, "missed") ||
	    !strcmp(event, "dropped"))
		return "\033[33m";
	return "";
}

static void
describe(const json_t *e, const char *event, char *buf, size_t len)
{
	char from[CELL_MAX];
	const char *ip = who(e, from), *door = text_of(e, "door");
	long long stage = number_of(e, "stage"), count = number_of(e, "count");

	if (!strcmp(event, "stage"))
		snprintf(buf, len, "%s: %s: stage %lld", ip, door, stage);
	else if (!strcmp(event, "open"))
		snprintf(buf, len, "%s: %s: open", ip, door);
	else if (!strcmp(event, "timeout"))
		snprintf(buf, len, "%s: %s: timeout at stage %lld", ip, door, stage);
	else if (!strcmp(event, "scan"))
		snprintf(buf, len, "%s: %s: scan, dropped at stage %lld", ip, door, stage);
	else if (!strcmp(event, "suppressed"))
		snprintf(buf, len, "%s: %lld stages, timeouts and scans left out", door, count);
	else if (!strcmp(event, "dropped"))
		snprintf(buf, len, "%s: %lld openings left out", door, count);
	else if (!strcmp(event, "lost"))
		snprintf(buf, len, "%lld packets were lost", count);
	else if (!strcmp(event, "missed"))
		snprintf(buf, len, "%lld events left out: they came too fast", count);
	else
		snprintf(buf, len, "%s", *text_of(e, "text") ? text_of(e, "text") : event);
}

void
ctl_show_event(struct ctl_show *show, const json_t *e)
{
	const char *event = text_of(e, "event"), *colour = show->colour ? colour_of(event) : "";
	char text[4096], time[CELL_MAX];

	describe(e, event, text, sizeof(text));
	fprintf(show->out, "%s  %s", moment_of(e, "time_ms", false, time), colour);
	print_text(show, text);
	fprintf(show->out, "%s\n", *colour ? "\033[0m" : "");
	fflush(show->out);
}
