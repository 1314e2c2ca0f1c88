/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parser.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <syslog.h>

#include "check.h"
#include "config.h"
#include "guarded.h"
#include "keys.h"
#include "lib/text.h"
#include "message.h"
#include "wire/request.h"

/* ---- sections and lines ------------------------------------------------------------------------- */

/* For one more door. The room doubles each time it is full, which is when the number of doors is a power of two. */
static bool
has_room(struct conf *conf)
{
	size_t n = conf->n_doors;
	struct door *doors = conf->doors;

	if (n & (n - 1))
		return true;
	doors = reallocarray(doors, n ? 2 * n : 1, sizeof(*doors));
	if (doors)
		conf->doors = doors;
	return doors != NULL;
}

static struct door *
add_door(struct parser *p, const char *name)
{
	struct conf *conf = p->conf;
	struct door *door;

	if (conf->n_doors == CONF_DOORS_MAX) {
		message_fail(p, "more than %d doors", CONF_DOORS_MAX);
		return NULL;
	}
	if (!has_room(conf)) {
		message_fail(p, "out of memory");
		return NULL;
	}
	door = &conf->doors[conf->n_doors++];
	*door = (struct door){
		.line = p->line, .seq_timeout = 25, .cmd_timeout = 10, .code_tries = CONF_CODE_TRIES_DEFAULT
	};
	if (text_copy(door->name, sizeof(door->name), name))
		message_warn(p, "the door's name is cut to \"%s\"", door->name);
	return door;
}

/* Without open_timeout an access that is not idle has no end. */
static void
check_times(struct parser *p, const struct door *door)
{
	if (door->idle_ms && !door->open.n)
		message_fail(p, "idle_timeout needs open, in [%s]", door->name);
	else if (door->open_timeout_ms && door->open_timeout_ms < door->idle_ms)
		message_fail(p, "idle_timeout is longer than open_timeout, in [%s]", door->name);
}

/* At the end of the section, when Target and times are known: keys may be in any order. */
static void
end_door(struct parser *p)
{
	struct door *door = p->door;

	check_door(p, door);
	check_times(p, door);
	if (!door->open_timeout_ms && !door->idle_ms)
		door->open_timeout_ms = CONF_OPEN_MS_DEFAULT;
	else if (door->open_timeout_ms && !door->open.n)
		message_tell(p, CONF_WARNING,
			     "config: section %s: warning: open_timeout has no effect without open (%s)", door->name,
			     p->path);
	if (guarded_elements(door))
		message_fail(p, "out of memory");
}

static void
end_section(struct parser *p)
{
	if (p->scope == CONF_SCOPE_DOOR)
		end_door(p);
	if (p->scope == CONF_SCOPE_DOOR && !p->door->seq.n && !p->door->one_time_path && !p->bad_door) {
		message_tell(p, CONF_ERROR, "error: section '%s' has an empty knock sequence (line %d of %s)",
			     p->door->name, p->door->line, p->path);
		p->errors++;
	}
	p->scope = CONF_SCOPE_NONE;
	p->door = NULL;
	memset(p->seen, 0, sizeof(p->seen));
	p->bad_door = false;
}

static void
begin_section(struct parser *p, const char *name)
{
	end_section(p);
	message_tell(p, CONF_DEBUG, "config: new section: '%s'", name);
	if (!name[strspn(name, " \t")]) {
		message_fail(p, "bad section name");
	} else if (!strcmp(name, "options")) {
		p->scope = CONF_SCOPE_OPTIONS;
	} else {
		if (keys_alike("options", name))
			message_warn(p,
				     "[%s] is a door: only [options], in lower case and without blanks, holds options",
				     name);
		p->door = add_door(p, name);
		p->scope = p->door ? CONF_SCOPE_DOOR : CONF_SCOPE_NONE;
	}
}

static const char *
scope_name(const struct parser *p)
{
	return p->scope == CONF_SCOPE_DOOR ? p->door->name : "options";
}

/*
 * A section header that is none. The lines below are read as if it were right, or they would count for the section
 * above. `skipped`: a hint at what stands before the [, or empty.
 */
static void
take_broken_header(struct parser *p, char *line, const char *skipped)
{
	const char *begin = p->scope == CONF_SCOPE_NONE ? "all directives must belong to a section" : "syntax error";
	char *name = line + 1, *bracket = strchr(name, ']'), text[HINT_LEN];

	if (bracket)
		*bracket = '\0';
	else
		name[strcspn(name, "=,;#")] = '\0';
	name = text_trim(name);
	if (*name)
		begin_section(p, name);
	else
		end_section(p);
	if (*skipped)
		message_fail(p, "%s%s", begin, skipped);
	else if (bracket)
		message_fail(p, "%s: nothing may follow the ] of [%s]%s", begin, name, hint_value(bracket + 1, text));
	else
		message_fail(p, "%s: the ] of [%s is missing", begin, name);
}

/* "name]". A word that may be part of a sequence is none. */
static bool
lacks_bracket(const char *word)
{
	return isalpha((unsigned char)*word) && word[strcspn(word, "[],=:")] == ']' && word[strlen(word) - 1] == ']';
}

static void
take_half_header(struct parser *p, char *word)
{
	const char *begin = p->scope == CONF_SCOPE_NONE ? "all directives must belong to a section" : "syntax error";

	word[strlen(word) - 1] = '\0';
	begin_section(p, word);
	message_fail(p, "%s: the [ of %s] is missing", begin, word);
}

/* "[a] # see [b]" ends with a bracket, too. Other brackets belong to the name, as in 0.8. */
static void
take_header(struct parser *p, char *name)
{
	const char *bracket = strchr(name, ']');

	if (bracket && *hint_literal(bracket + 1)) {
		take_broken_header(p, name - 1, "");
		return;
	}
	begin_section(p, name);
	if (strpbrk(name, "[]"))
		message_warn(p, "[%s]: the brackets are part of the door's name", name);
}

/*
 * Quotes only the first letters of an unknown key: a secret may follow, with its '=' forgotten or misplaced. `more`
 * shows that text follows.
 */
#define QUOTE_STRLEN (TEXT_LINE_MAX + sizeof(" \"...\""))

static const char *
quote(const char *word, const char *more, char text[static QUOTE_STRLEN])
{
	size_t len = strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_");

	*text = '\0';
	if (len)
		snprintf(text, QUOTE_STRLEN, " \"%.*s%s\"", (int)len, word, word[len] ? more : "");
	return text;
}

/* "UseSyslog = yes", "UseSyslog # note" */
static bool
is_use_syslog(const char *word)
{
	size_t len = strlen("UseSyslog");

	return !strncasecmp(word, "UseSyslog", len) && !isalnum((unsigned char)word[len]) && word[len] != '_';
}

static void
refuse_use_syslog(struct parser *p)
{
	message_fail(p, "syntax error: UseSyslog takes no value and stands alone in its line, in [%s]", scope_name(p));
}

static void
take_pair(struct parser *p, const char *name, char *value)
{
	const struct conf_key *key = keys_find(name);
	char quoted[QUOTE_STRLEN], hint[HINT_LEN];

	if (!*name) {
		message_fail(p, "syntax error: nothing before the \"=\" in [%s]", scope_name(p));
		return;
	}
	if (!key && is_use_syslog(name)) {
		refuse_use_syslog(p);
		return;
	}
	if (!key) {
		message_fail(p, "syntax error: unknown key%s in [%s]%s", quote(name, "...", quoted), scope_name(p),
			     hint_key(name, keys_similar(name), hint));
		return;
	}
	if (key->scope != p->scope && key->scope != CONF_SCOPE_BOTH) {
		message_fail(p, "syntax error: \"%s\" belongs in %s, not in [%s]", name,
			     key->scope == CONF_SCOPE_OPTIONS ? "[options]" : "a door's section", scope_name(p));
		return;
	}
	if (!key->repeats && keys_seen(p, key))
		message_warn(p, "%s was given before in [%s]: this one replaces it", name, scope_name(p));
	keys_met(p, key);
	p->hint = hint_value(value, p->hint_text);
	key->set(p, value);
	p->hint = "";
}

static void
take_word(struct parser *p, const char *word)
{
	char quoted[QUOTE_STRLEN], text[HINT_LEN];
	const char *hint = hint_line(word, text);

	if (!strcasecmp(word, "UseSyslog")) {
		keys_use_syslog(p);
		return;
	}
	if (is_use_syslog(word)) {
		refuse_use_syslog(p);
		return;
	}
	quote(word, "", quoted);
	message_fail(p, "syntax error:%s%s no \"=\" in [%s]%s", quoted, *quoted ? ":" : "", scope_name(p),
		     !*hint && keys_alike("UseSyslog", word) ? ": is it UseSyslog?" : hint);
}

/* Below a refused section header this would be a second message about the same fault. */
static void
take_stray(struct parser *p, const char *line)
{
	char hint[HINT_LEN];

	if (!p->errors)
		message_fail(p, "all directives must belong to a section%s", hint_line(line, hint));
}

struct parser *
parser_begin(const char *path, conf_report *report, void *arg)
{
	struct parser *p = calloc(1, sizeof(*p));
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
	conf->max_grants = CONF_GRANTS_DEFAULT;
	conf->max_prefix[CONF_V4] = CONF_PREFIX_DEFAULT;
	conf->max_prefix[CONF_V6] = CONF_PREFIX_6_DEFAULT;
	conf->ban_ms = CONF_BAN_MS_DEFAULT;
	conf->scan_guard = CONF_SCAN_GUARD_DEFAULT;
	conf->max_ahead_ms = CONF_AHEAD_MS_DEFAULT;
	conf->max_age_ms = CONF_AGE_MS_DEFAULT;
	conf->share.wait_ms = SHARE_WAIT_MS_DEFAULT;
	strcpy(conf->share.name, SHARE_NAME_DEFAULT);
	*p = (struct parser){ .path = path, .report = report, .arg = arg, .conf = conf, .hint = "" };
	p->local_ports = (struct localports){ LOCALPORTS_FIRST, LOCALPORTS_LAST };
	return p;
}

void
parser_other_interface(struct parser *p)
{
	p->other_interface = true;
}

void
parser_load_by(struct parser *p, conf_load *load)
{
	p->load = load;
}

void
parser_local_ports(struct parser *p, struct localports ports)
{
	p->local_ports = ports;
}

void
parser_line(struct parser *p, char *text)
{
	struct line line = text_split(p->line ? text : text_skip_mark(text));
	char *visible, hint[HINT_LEN];

	p->line++;
	switch (line.kind) {
	case LINE_BLANK:
		return;
	case LINE_SECTION:
		take_header(p, line.key);
		return;
	case LINE_PAIR:
	case LINE_WORD:
		break;
	}
	visible = line.key + hint_blanks(line.key);
	if (*visible == '[')
		take_broken_header(p, visible, visible > line.key ? hint_blank(line.key, hint) : "");
	else if (line.kind == LINE_WORD && lacks_bracket(line.key))
		take_half_header(p, line.key);
	else if (p->scope == CONF_SCOPE_NONE)
		take_stray(p, line.key);
	else if (*hint_syntax(line.key))
		message_fail(p, "syntax error%s", hint_syntax(line.key));
	else if (line.kind == LINE_PAIR)
		take_pair(p, line.key, line.value);
	else
		take_word(p, line.key);
}

struct conf *
parser_end(struct parser *p)
{
	struct conf *conf = p->conf;

	end_section(p);
	check_file(p);
	if (p->errors) {
		conf_free(conf);
		conf = NULL;
	}
	free(p);
	return conf;
}
