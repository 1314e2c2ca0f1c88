/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/conf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <syslog.h>

#include "conf_guard.h"
#include "conf_parser.h"
#include "config.h"
#include "lib/text.h"
#include "wire/request.h"

/* ---- messages ---------------------------------------------------------------------------------- */

void
conf_tell(struct conf_parser *p, enum conf_severity severity, const char *fmt, ...)
{
	char text[TEXT_LINE_MAX + 512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	p->report(p->arg, severity, text);
}

void
conf_fail(struct conf_parser *p, const char *fmt, ...)
{
	char text[TEXT_LINE_MAX + 256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	conf_tell(p, CONF_ERROR, "config: line %d: %s (%s)", p->line, text, p->path);
	p->errors++;
	p->bad_door = true;
}

void
conf_warn(struct conf_parser *p, const char *fmt, ...)
{
	char text[TEXT_LINE_MAX + 256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	conf_tell(p, CONF_WARNING, "config: line %d: warning: %s (%s)", p->line, text, p->path);
}

/* ---- sections and lines ------------------------------------------------------------------------- */

static struct door *
add_door(struct conf_parser *p, const char *name)
{
	struct conf *conf = p->conf;
	struct door *doors, *door;

	if (conf->n_doors == CONF_DOORS_MAX) {
		conf_fail(p, "more than %d doors", CONF_DOORS_MAX);
		return NULL;
	}
	doors = reallocarray(conf->doors, conf->n_doors + 1, sizeof(*doors));
	if (!doors) {
		conf_fail(p, "out of memory");
		return NULL;
	}
	conf->doors = doors;
	door = &doors[conf->n_doors++];
	*door = (struct door){ .line = p->line, .seq_timeout = 25, .cmd_timeout = 10 };
	if (text_copy(door->name, sizeof(door->name), name))
		conf_warn(p, "the door's name is cut to \"%s\"", door->name);
	return door;
}

/* What knockd takes without a word, and then does not do. */
static void
check_door(struct conf_parser *p, const struct door *door)
{
	static const char *const suffix[] = { "", "_6" };

	for (enum conf_family f = CONF_V4; f < CONF_FAMILIES; f++) {
		const char *start = door_start_command(door, f);

		if (door->stop_command[f] && (!start || !*start))
			conf_tell(
			    p, CONF_WARNING,
			    "config: section %s: warning: stop_command%s never runs: there is no start_command (%s)",
			    door->name, suffix[f], p->path);
	}
	if (door->seq.n > 1 && door->seq_timeout <= 0)
		conf_tell(p, CONF_WARNING,
			  "config: section %s: warning: with seq_timeout %lld nobody is fast enough (%s)", door->name,
			  (long long)door->seq_timeout, p->path);
}

/* Only now is it known what the door's Target and times are, in whatever order they stand. */
static void
end_door(struct conf_parser *p)
{
	struct door *door = p->door;

	check_door(p, door);
	if (!door->open_timeout_ms)
		door->open_timeout_ms = CONF_OPEN_MS_DEFAULT;
	else if (!door->open.n)
		conf_tell(p, CONF_WARNING,
			  "config: section %s: warning: open_timeout is for open, and there is none (%s)", door->name,
			  p->path);
	if (conf_guard_elements(door))
		conf_fail(p, "out of memory");
}

static void
end_section(struct conf_parser *p)
{
	if (p->scope == CONF_SCOPE_DOOR)
		end_door(p);
	if (p->scope == CONF_SCOPE_DOOR && !p->door->seq.n && !p->door->one_time_path && !p->bad_door) {
		conf_tell(p, CONF_ERROR, "error: section '%s' has an empty knock sequence (line %d of %s)",
			  p->door->name, p->door->line, p->path);
		p->errors++;
	}
	p->scope = CONF_SCOPE_NONE;
	p->door = NULL;
	p->seen = 0;
	p->bad_door = false;
}

static void
begin_section(struct conf_parser *p, const char *name)
{
	end_section(p);
	conf_tell(p, CONF_DEBUG, "config: new section: '%s'", name);
	if (!*name) {
		conf_fail(p, "bad section name");
	} else if (!strcmp(name, "options")) {
		p->scope = CONF_SCOPE_OPTIONS;
	} else {
		if (!strcasecmp(name, "options"))
			conf_warn(p, "[%s] is a door: only [options], in lower case, holds options", name);
		p->door = add_door(p, name);
		p->scope = p->door ? CONF_SCOPE_DOOR : CONF_SCOPE_NONE;
	}
}

static const char *
scope_name(const struct conf_parser *p)
{
	return p->scope == CONF_SCOPE_DOOR ? p->door->name : "options";
}

/* What is quoted of a word that is no key: its letters. A secret may follow whose '=' was forgotten, or has slipped. */
#define QUOTE_STRLEN (TEXT_LINE_MAX + sizeof(" \"\""))

static const char *
quote(const char *word, char text[static QUOTE_STRLEN])
{
	size_t len = strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_");

	*text = '\0';
	if (len)
		snprintf(text, QUOTE_STRLEN, " \"%.*s\"", (int)len, word);
	return text;
}

static void
take_pair(struct conf_parser *p, const char *name, char *value)
{
	const struct conf_key *key = conf_find_key(name);
	char quoted[QUOTE_STRLEN];

	if (!key) {
		conf_fail(p, "syntax error: unknown key%s in [%s]", quote(name, quoted), scope_name(p));
		return;
	}
	if (key->scope != p->scope) {
		conf_fail(p, "syntax error: \"%s\" does not belong into [%s]%s", name, scope_name(p),
			  key->scope == CONF_SCOPE_OPTIONS ? " but into [options]" : " but into a door's section");
		return;
	}
	if (!key->repeats && conf_key_seen(p, key))
		conf_warn(p, "%s was given before in [%s]: this one replaces it", name, scope_name(p));
	conf_key_met(p, key);
	key->set(p, value);
}

/* UseSyslog is the only word that stands alone, and it may do so in any section. */
static void
take_word(struct conf_parser *p, const char *word)
{
	char quoted[QUOTE_STRLEN];

	if (!strcasecmp(word, "UseSyslog")) {
		conf_use_syslog(p);
		return;
	}
	quote(word, quoted);
	conf_fail(p, "syntax error:%s%s no \"=\" in [%s]", quoted, *quoted ? ":" : "", scope_name(p));
}

struct conf_parser *
conf_begin(const char *path, conf_report *report, void *arg)
{
	struct conf_parser *p = calloc(1, sizeof(*p));
	struct conf *conf = calloc(1, sizeof(*conf));

	if (!p || !conf || !(conf->user = strdup(ENGINE_USER)) || !(conf->state_dir = strdup(CONF_STATE_DIR_DEFAULT)) ||
	    !(conf->control_socket = strdup(REQUEST_SOCKET))) {
		free(p);
		conf_free(conf);
		return NULL;
	}
	conf->syslog_facility = LOG_DAEMON;
	conf->nflog_group = CONF_GROUP_DEFAULT;
	conf->queue_num = CONF_QUEUE_DEFAULT;
	conf->max_commands = CONF_COMMANDS_DEFAULT;
	conf->max_attempts = CONF_ATTEMPTS_DEFAULT;
	conf->max_prefix[CONF_V4] = CONF_PREFIX_DEFAULT;
	conf->max_prefix[CONF_V6] = CONF_PREFIX_6_DEFAULT;
	conf->ban_ms = CONF_BAN_MS_DEFAULT;
	conf->scan_guard = CONF_SCAN_GUARD_DEFAULT;
	*p = (struct conf_parser){ .path = path, .report = report, .arg = arg, .conf = conf };
	return p;
}

void
conf_load_by(struct conf_parser *p, conf_load *load)
{
	p->load = load;
}

void
conf_line(struct conf_parser *p, char *text)
{
	struct line line = text_split(text);

	p->line++;
	if (line.kind == LINE_BLANK)
		return;
	if (line.kind == LINE_SECTION) {
		begin_section(p, line.key);
		return;
	}
	if (p->scope == CONF_SCOPE_NONE) {
		/* below a section header that was refused, this would only repeat the complaint */
		if (!p->errors)
			conf_fail(p, "all directives must belong to a section");
		return;
	}
	if (line.kind == LINE_PAIR)
		take_pair(p, line.key, line.value);
	else
		take_word(p, line.key);
}

/* The guard lives in our own table: without that, the port would look shut in the file and be open. */
static void
check_rules(struct conf_parser *p, const struct door *door)
{
	if (p->conf->rules != CONF_RULES_NONE || (!door->open.n && !door->close.n))
		return;
	conf_tell(p, CONF_ERROR,
		  "config: section %s: open and close need Rules = auto: with Rules = none knockd keeps no port shut "
		  "(line %d of %s)",
		  door->name, door->line, p->path);
	p->errors++;
}

static void
check_closes(struct conf_parser *p, const struct door *door)
{
	for (size_t i = 0; i < door->close.n; i++) {
		if (!conf_guard_is_opened(p->conf, door, i))
			conf_tell(p, CONF_WARNING, "config: section %s: warning: close: no door%s opens %u:%s (%s)",
				  door->name, door->target.family ? " with this Target" : "", door->close.at[i].port,
				  seq_proto_name(door->close.at[i].proto), p->path);
	}
}

/* A prefix of more than 32 bits can only be meant for IPv6. Who falls back to the plain key is looked at then. */
static void
check_prefix(struct conf_parser *p, const char *key, const char *section, const struct element *element,
	     enum conf_family family)
{
	const uint8_t *max_prefix = p->conf->max_prefix;
	int bits = element_prefix(element);

	p->line = element->line;
	if (bits > 32)
		family = CONF_V6;
	if (bits < 0)
		conf_fail(p, "syntax error: %s: only a prefix, such as %%IP%%/24, can stand behind %%IP%%, in [%s]",
			  key, section);
	else if (bits < max_prefix[family])
		conf_fail(p, "%s: %%IP%%/%d is wider than the /%d that Max_Prefix allows for %s, in [%s]", key, bits,
			  max_prefix[family], family == CONF_V6 ? "IPv6" : "IPv4", section);
}

static void
check_prefixes(struct conf_parser *p, struct door *door)
{
	memcpy(door->max_prefix, p->conf->max_prefix, sizeof(door->max_prefix));
	for (enum conf_family f = CONF_V4; f < CONF_FAMILIES; f++)
		for (size_t i = 0; i < door->grant[f].n; i++)
			check_prefix(p, f == CONF_V6 ? "grant_6" : "grant", door->name, &door->grant[f].at[i], f);
}

/* Only now are Ban_Time and Max_Prefix known. A timeout in the element's own text comes first. */
static void
end_bans(struct conf_parser *p)
{
	struct conf *conf = p->conf;

	for (enum conf_family f = CONF_V4; f < CONF_FAMILIES; f++) {
		for (size_t i = 0; i < conf->ban[f].n; i++) {
			struct element *ban = &conf->ban[f].at[i];

			check_prefix(p, f == CONF_V6 ? "Ban_Set_6" : "Ban_Set", "options", ban, f);
			if (!ban->timeout_ms)
				ban->timeout_ms = conf->ban_ms;
		}
	}
	if ((conf->ban[CONF_V4].n || conf->ban[CONF_V6].n) && !conf->scan_guard)
		conf_tell(p, CONF_WARNING,
			  "config: section options: warning: Ban_Set: with Scan_Guard = 0 no scan is noticed (%s)",
			  p->path);
}

static bool
is_knock(const struct conf *conf, const struct knock_port *port)
{
	for (size_t d = 0; d < conf->n_doors; d++) {
		const struct seq *seq = &conf->doors[d].seq;

		for (size_t i = 0; i < seq->n; i++) {
			if (seq->at[i].proto == port->proto && seq->at[i].port == port->port)
				return true;
		}
	}
	return false;
}

/* What is a knock is dropped, whoever it is from and whatever has been opened. */
static void
check_dropped(struct conf_parser *p, const struct door *door)
{
	if (p->conf->capture != CONF_CAPTURE_NFQUEUE || p->conf->knock_verdict != CONF_KNOCK_DROP)
		return;
	for (size_t i = 0; i < door->open.n; i++) {
		if (is_knock(p->conf, &door->open.at[i]))
			conf_tell(p, CONF_WARNING,
				  "config: section %s: warning: open: a sequence has %u:%s, too: with Knock_Verdict = "
				  "drop nobody "
				  "reaches that port (%s)",
				  door->name, door->open.at[i].port, seq_proto_name(door->open.at[i].proto), p->path);
	}
}

/* When one has marked what it has used, the other looks for its own in vain. */
static void
check_one_time(struct conf_parser *p, const struct door *door)
{
	for (const struct door *other = p->conf->doors; door->one_time_path && other < door; other++) {
		if (other->one_time_path && !strcmp(other->one_time_path, door->one_time_path))
			conf_tell(p, CONF_WARNING,
				  "config: section %s: warning: one_time_sequences: [%s] has the same file: when "
				  "either has used a "
				  "sequence of it, the other will be disabled (%s)",
				  door->name, other->name, p->path);
	}
}

struct conf *
conf_end(struct conf_parser *p)
{
	struct conf *conf = p->conf;

	end_section(p);
	end_bans(p);
	for (size_t i = 0; i < conf->n_doors; i++) {
		check_rules(p, &conf->doors[i]);
		check_closes(p, &conf->doors[i]);
		check_prefixes(p, &conf->doors[i]);
		check_dropped(p, &conf->doors[i]);
		check_one_time(p, &conf->doors[i]);
	}
	if (p->errors) {
		conf_free(conf);
		conf = NULL;
	}
	free(p);
	return conf;
}
