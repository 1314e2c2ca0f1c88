/* SPDX-License-Identifier: GPL-2.0-or-later */
/* the table of facility names in <syslog.h> */
#define SYSLOG_NAMES

#include "conf.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>

#include "conf_guard.h"
#include "config.h"
#include "text.h"

enum scope { SCOPE_NONE, SCOPE_OPTIONS, SCOPE_DOOR };

struct conf_parser {
	const char  *path;
	conf_report *report;
	conf_load   *load;
	void	    *arg;
	struct conf *conf;
	int	     line;
	int	     errors;
	enum scope   scope;
	struct door *door;  /* SCOPE_DOOR: the one being filled */
	uint64_t     seen;  /* keys met since the section began, by row of `keys` */
	bool	     bad_door; /* this door had an error already: do not add that its sequence is missing */
};

/* ---- messages ---------------------------------------------------------------------------------- */

static void tell(struct conf_parser *p, enum conf_severity severity, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void fail(struct conf_parser *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void warn(struct conf_parser *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void
tell(struct conf_parser *p, enum conf_severity severity, const char *fmt, ...)
{
	char text[TEXT_LINE_MAX + 512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	p->report(p->arg, severity, text);
}

/* An error of the current line. Counted; parsing goes on. */
static void
fail(struct conf_parser *p, const char *fmt, ...)
{
	char text[TEXT_LINE_MAX + 256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	tell(p, CONF_ERROR, "config: line %d: %s (%s)", p->line, text, p->path);
	p->errors++;
	p->bad_door = true;
}

static void
warn(struct conf_parser *p, const char *fmt, ...)
{
	char text[TEXT_LINE_MAX + 256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	tell(p, CONF_WARNING, "config: line %d: warning: %s (%s)", p->line, text, p->path);
}

/* ---- values ------------------------------------------------------------------------------------ */

static void
set_string(struct conf_parser *p, char **to, const char *value)
{
	char *copy = strdup(value);

	if (!copy) {
		fail(p, "out of memory");
		return;
	}
	free(*to);
	*to = copy;
}

/* knockd takes every value literally: what looks like a trailing comment belongs to the file's name. */
static void
set_path(struct conf_parser *p, char **to, const char *value)
{
	if (strstr(value, " #") || strstr(value, "\t#"))
		warn(p, "\"%s\" is taken literally: there are no comments behind a value", value);
	set_string(p, to, value);
}

/* A number and what stands behind it, read as knockd does (atoi): text is 0, the rest is ignored, but not silently. */
static int64_t
parse_seconds(struct conf_parser *p, const char *key, const char *value)
{
	char *end;
	long long n = strtoll(value, &end, 10);

	if (end == value)
		warn(p, "%s: \"%s\" is no number and counts as 0", key, value);
	else if (*end)
		warn(p, "%s: \"%s\" behind the number is ignored", key, end);
	if (n > INT_MAX || n < INT_MIN) {
		warn(p, "%s: %s is out of range", key, value);
		n = n > 0 ? INT_MAX : INT_MIN;
	}
	return n;
}

/* For keys that knockd 0.8 does not have: the whole value must be a number in the range. */
static int
parse_number(struct conf_parser *p, const char *key, const char *value, long min, long max, long *n)
{
	char *end;

	*n = strtol(value, &end, 10);
	if (end == value || *end || *n < min || *n > max) {
		fail(p, "syntax error: %s must be a number from %ld to %ld, not \"%s\"", key, min, max, value);
		return -1;
	}
	return 0;
}

/* For knockd's younger forks' keys and ours: yes and no in the usual spellings. */
static bool
parse_switch(struct conf_parser *p, const char *key, const char *value)
{
	static const char *const yes[] = { "yes", "true", "on", "1" }, *const no[] = { "no", "false", "off", "0" };

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		if (!strcasecmp(value, yes[i]))
			return true;
		if (!strcasecmp(value, no[i]))
			return false;
	}
	fail(p, "syntax error: %s must be yes or no, not \"%s\"", key, value);
	return false;
}

/* ---- [options] --------------------------------------------------------------------------------- */

static void
set_usesyslog(struct conf_parser *p, char *value)
{
	(void)value;
	p->conf->use_syslog = true;
	tell(p, CONF_DEBUG, "config: usesyslog");
}

static void
set_logfile(struct conf_parser *p, char *value)
{
	set_path(p, &p->conf->log_file, value);
	tell(p, CONF_DEBUG, "config: log file: %s", value);
}

static void
set_pidfile(struct conf_parser *p, char *value)
{
	set_path(p, &p->conf->pid_file, value);
	tell(p, CONF_DEBUG, "config: pid file: %s", value);
}

static void
set_interface(struct conf_parser *p, char *value)
{
	char err[128];

	if (p->conf->interface_text) {
		warn(p, "Interface was given before: \"%s\" is ignored", value);
		return;
	}
	if (conf_set_interfaces(p->conf, value, err, sizeof(err)))
		fail(p, "%s", err);
	else
		tell(p, CONF_DEBUG, "config: interface: %s", value);
	if (strchr(value, '"'))
		warn(p, "Interface: quotes belong to the name here, and no interface has one like %s", value);
}

static void
set_rules(struct conf_parser *p, char *value)
{
	if (!strcasecmp(value, "auto"))
		p->conf->rules = CONF_RULES_AUTO;
	else if (!strcasecmp(value, "none"))
		p->conf->rules = CONF_RULES_NONE;
	else
		fail(p, "syntax error: Rules must be auto or none, not \"%s\"", value);
}

static void
set_nflog_group(struct conf_parser *p, char *value)
{
	long n;

	if (!parse_number(p, "Nflog_Group", value, 0, UINT16_MAX, &n))
		p->conf->nflog_group = (uint16_t)n;
}

static void
set_user(struct conf_parser *p, char *value)
{
	if (!*value)
		fail(p, "syntax error: User needs a name");
	else
		set_string(p, &p->conf->user, value);
}

static void
set_state_dir(struct conf_parser *p, char *value)
{
	if (*value != '/')
		fail(p, "syntax error: State_Dir must be an absolute path, not \"%s\"", value);
	else
		set_path(p, &p->conf->state_dir, value);
}

static void
set_control_socket(struct conf_parser *p, char *value)
{
	const size_t max = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;

	if (!strcasecmp(value, "none")) {
		free(p->conf->control_socket);
		p->conf->control_socket = NULL;
	} else if (*value != '/' || strlen(value) > max) {
		fail(p, "syntax error: Control_Socket must be none or an absolute path of at most %zu bytes, not \"%s\"", max,
		     value);
	} else {
		set_path(p, &p->conf->control_socket, value);
	}
}

static void
set_max_commands(struct conf_parser *p, char *value)
{
	long n;

	if (!parse_number(p, "Max_Commands", value, 1, 10000, &n))
		p->conf->max_commands = (unsigned)n;
}

static void
set_max_attempts(struct conf_parser *p, char *value)
{
	long n;

	if (!parse_number(p, "Max_Attempts", value, 16, 1 << 24, &n))
		p->conf->max_attempts = (uint32_t)n;
}

static void
set_guard_policy(struct conf_parser *p, char *value)
{
	if (!strcasecmp(value, "drop"))
		p->conf->guard_policy = CONF_GUARD_DROP;
	else if (!strcasecmp(value, "reject"))
		p->conf->guard_policy = CONF_GUARD_REJECT;
	else
		fail(p, "syntax error: Guard_Policy must be drop or reject, not \"%s\"", value);
}

static void
set_syslog_facility(struct conf_parser *p, char *value)
{
	for (const CODE *code = facilitynames; code->c_name; code++) {
		if (!strcasecmp(code->c_name, value)) {
			p->conf->syslog_facility = code->c_val;
			return;
		}
	}
	fail(p, "syntax error: Syslog_Facility: there is no facility \"%s\"", value);
}

/* ---- doors ------------------------------------------------------------------------------------- */

/* "7000,8000 # note": knockd's atoi() stopped at the blank. With a comma behind it is not so clear: an error. */
static void
cut_note(struct conf_parser *p, char *value)
{
	char *note = strchr(value, '#');

	if (!note || note == value || !isspace((unsigned char)note[-1]) || strchr(note, ','))
		return;
	warn(p, "\"%s\" is ignored: there are no comments behind a value", note);
	*note = '\0';
	text_trim(value);
}

static void
tell_sequence(struct conf_parser *p)
{
	char text[SEQ_STRLEN];

	tell(p, CONF_DEBUG, "config: %s: sequence: %s", p->door->name, seq_format(&p->door->seq, text, sizeof(text)));
}

static void
set_sequence(struct conf_parser *p, char *value)
{
	char err[160];

	cut_note(p, value);
	if (seq_parse(&p->door->seq, value, err, sizeof(err))) {
		tell(p, CONF_ERROR, "config: section %s: %s (line %d of %s)", p->door->name, err, p->line, p->path);
		p->errors++;
		p->bad_door = true;
		return;
	}
	p->door->next_one_time = 0; /* of a file named above: it comes after this one */
	tell_sequence(p);
}

static void
set_seq_timeout(struct conf_parser *p, char *value)
{
	p->door->seq_timeout = parse_seconds(p, "Seq_Timeout", value);
	tell(p, CONF_DEBUG, "config: %s: seq_timeout: %lld", p->door->name, (long long)p->door->seq_timeout);
}

static uint8_t
flag_bit(const char *name)
{
	static const struct {
		const char *name;
		uint8_t	    bit;
	} flags[] = {
		{ "FIN", TH_FIN }, { "SYN", TH_SYN }, { "RST", TH_RST },
		{ "PSH", TH_PUSH }, { "ACK", TH_ACK }, { "URG", TH_URG },
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (!strcmp(name, flags[i].name))
			return flags[i].bit;
	return 0;
}

/* No blanks around items: knockd rejects them, and a file that passes here must work there. */
static void
set_tcpflags(struct conf_parser *p, char *value)
{
	struct door *door = p->door;
	char *rest = value, *name;

	for (char *c = value; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	while ((name = strsep(&rest, ","))) {
		bool clear = *name == '!';
		uint8_t bit = flag_bit(name + clear);

		if (!bit) {
			fail(p, "unrecognized flag \"%s\" in [%s]", name + clear, door->name);
			return;
		}
		door->flags_mask |= bit;
		door->flags_value = (uint8_t)(clear ? door->flags_value & ~bit : door->flags_value | bit);
		tell(p, CONF_DEBUG, "config: tcp flag: %s", name);
	}
}

/* knockd compares text, so a host name passed its parser and never matched. */
static void
set_target(struct conf_parser *p, char *value)
{
	if (addr_parse(&p->door->target, value))
		fail(p, "syntax error: Target must be an IPv4 or IPv6 address, not \"%s\", in [%s]", value, p->door->name);
	else
		tell(p, CONF_DEBUG, "config: %s: target: %s", p->door->name, value);
}

static void
set_command(struct conf_parser *p, char **to, const char *key, const char *value)
{
	set_string(p, to, value);
	tell(p, CONF_DEBUG, "config: %s: %s: %s", p->door->name, key, value);
}

static void
set_start_command(struct conf_parser *p, char *value)
{
	set_command(p, &p->door->start_command[CONF_V4], "start_command", value);
}

static void
set_start_command_6(struct conf_parser *p, char *value)
{
	set_command(p, &p->door->start_command[CONF_V6], "start_command_6", value);
}

static void
set_stop_command(struct conf_parser *p, char *value)
{
	set_command(p, &p->door->stop_command[CONF_V4], "stop_command", value);
}

static void
set_stop_command_6(struct conf_parser *p, char *value)
{
	set_command(p, &p->door->stop_command[CONF_V6], "stop_command_6", value);
}

static void
set_cmd_timeout(struct conf_parser *p, char *value)
{
	p->door->cmd_timeout = parse_seconds(p, "Cmd_Timeout", value);
	tell(p, CONF_DEBUG, "config: %s: cmd_timeout: %lld", p->door->name, (long long)p->door->cmd_timeout);
}

/* A sequence above it in the file gives way; one below it is used first, and then the file. */
static void
set_one_time_sequences(struct conf_parser *p, char *value)
{
	struct door *door = p->door;

	set_path(p, &door->one_time_path, value);
	tell(p, CONF_DEBUG, "config: %s: one time sequences file: %s", door->name, value);
	free(door->one_time);
	door->one_time = NULL;
	door->n_one_time = door->next_one_time = door->seq.n = 0;
	if (!p->load || !door->one_time_path)
		return;
	if (p->load(p->arg, door))
		fail(p, "%s: %s, in [%s]", value, strerror(errno), door->name);
	else if (door_next_sequence(door))
		tell_sequence(p);
	else
		warn(p, "no more sequences left in the one time sequences file %s: [%s] is disabled", value, door->name);
}

static void
set_cooldown(struct conf_parser *p, char *value)
{
	p->door->cooldown = parse_seconds(p, "Seq_Cooldown", value);
	tell(p, CONF_DEBUG, "config: %s: seq_cooldown: %lld", p->door->name, (long long)p->door->cooldown);
}

static void
set_allow_duplicates(struct conf_parser *p, char *value)
{
	p->door->allow_duplicates = parse_switch(p, "AllowDuplicates", value);
}

static void
add_element(struct conf_parser *p, struct conf_grants *grants, const char *key, const char *value)
{
	char err[256];
	struct element *at;

	grants->given = true;
	if (!*value)
		return; /* given and empty: nothing for this family */
	at = reallocarray(grants->at, grants->n + 1, sizeof(*at));
	if (!at) {
		fail(p, "out of memory");
		return;
	}
	grants->at = at;
	if (element_parse(&at[grants->n], value, err, sizeof(err)))
		fail(p, "syntax error: %s: %s, in [%s]", key, err, p->door->name);
	else
		grants->n++;
}

static void
set_grant(struct conf_parser *p, char *value)
{
	add_element(p, &p->door->grant[CONF_V4], "grant", value);
}

static void
set_grant_6(struct conf_parser *p, char *value)
{
	add_element(p, &p->door->grant[CONF_V6], "grant_6", value);
}

static void
set_revoke(struct conf_parser *p, char *value)
{
	add_element(p, &p->door->revoke[CONF_V4], "revoke", value);
}

static void
set_revoke_6(struct conf_parser *p, char *value)
{
	add_element(p, &p->door->revoke[CONF_V6], "revoke_6", value);
}

/* A list like that of a sequence, but it is none: not in what is said either. */
static void
set_guarded(struct conf_parser *p, struct seq *ports, const char *key, char *value)
{
	static const char sequence[] = " in knock sequence";
	char text[SEQ_STRLEN], err[160], *word;

	cut_note(p, value);
	if (!*value) {
		fail(p, "syntax error: %s needs a port, such as 22:tcp, in [%s]", key, p->door->name);
	} else if (seq_parse(ports, value, err, sizeof(err))) {
		word = strstr(err, sequence);
		if (word)
			memmove(word, word + strlen(sequence), strlen(word + strlen(sequence)) + 1);
		fail(p, "syntax error: %s: %s, in [%s]", key, err, p->door->name);
	} else {
		tell(p, CONF_DEBUG, "config: %s: %s: %s", p->door->name, key, seq_format(ports, text, sizeof(text)));
	}
}

static void
set_open(struct conf_parser *p, char *value)
{
	set_guarded(p, &p->door->open, "open", value);
}

static void
set_close(struct conf_parser *p, char *value)
{
	set_guarded(p, &p->door->close, "close", value);
}

static void
set_open_timeout(struct conf_parser *p, char *value)
{
	if (timeout_parse(&p->door->open_timeout_ms, value))
		fail(p, "syntax error: open_timeout: \"%s\" is no timeout (for example 90, 30s, 1h30m, 7d), in [%s]", value,
		     p->door->name);
	else
		tell(p, CONF_DEBUG, "config: %s: open_timeout: %s", p->door->name, value);
}

/* ---- lines ------------------------------------------------------------------------------------- */

/* Every key there is. `repeats`: a second one in the section adds to the first instead of replacing it. */
static const struct key {
	const char *name;
	enum scope  scope;
	void (*set)(struct conf_parser *p, char *value);
	bool repeats;
} keys[] = {
	{ "LogFile", SCOPE_OPTIONS, set_logfile, false },
	{ "PidFile", SCOPE_OPTIONS, set_pidfile, false },
	{ "Interface", SCOPE_OPTIONS, set_interface, true },
	{ "Rules", SCOPE_OPTIONS, set_rules, false },
	{ "Nflog_Group", SCOPE_OPTIONS, set_nflog_group, false },
	{ "User", SCOPE_OPTIONS, set_user, false },
	{ "Syslog_Facility", SCOPE_OPTIONS, set_syslog_facility, false },
	{ "State_Dir", SCOPE_OPTIONS, set_state_dir, false },
	{ "Control_Socket", SCOPE_OPTIONS, set_control_socket, false },
	{ "Max_Commands", SCOPE_OPTIONS, set_max_commands, false },
	{ "Max_Attempts", SCOPE_OPTIONS, set_max_attempts, false },
	{ "Guard_Policy", SCOPE_OPTIONS, set_guard_policy, false },
	{ "Sequence", SCOPE_DOOR, set_sequence, false },
	{ "One_Time_Sequences", SCOPE_DOOR, set_one_time_sequences, false },
	{ "Seq_Timeout", SCOPE_DOOR, set_seq_timeout, false },
	{ "Timeout", SCOPE_DOOR, set_seq_timeout, false },
	{ "TCPFlags", SCOPE_DOOR, set_tcpflags, true },
	{ "Target", SCOPE_DOOR, set_target, false },
	{ "Start_Command", SCOPE_DOOR, set_start_command, false },
	{ "Command", SCOPE_DOOR, set_start_command, false },
	{ "Start_Command_6", SCOPE_DOOR, set_start_command_6, false },
	{ "Command_6", SCOPE_DOOR, set_start_command_6, false },
	{ "Stop_Command", SCOPE_DOOR, set_stop_command, false },
	{ "Stop_Command_6", SCOPE_DOOR, set_stop_command_6, false },
	{ "Cmd_Timeout", SCOPE_DOOR, set_cmd_timeout, false },
	{ "Seq_Cooldown", SCOPE_DOOR, set_cooldown, false },
	{ "Cooldown", SCOPE_DOOR, set_cooldown, false },
	{ "AllowDuplicates", SCOPE_DOOR, set_allow_duplicates, false },
	{ "Grant", SCOPE_DOOR, set_grant, true },
	{ "Grant_6", SCOPE_DOOR, set_grant_6, true },
	{ "Revoke", SCOPE_DOOR, set_revoke, true },
	{ "Revoke_6", SCOPE_DOOR, set_revoke_6, true },
	{ "Open", SCOPE_DOOR, set_open, false },
	{ "Close", SCOPE_DOOR, set_close, false },
	{ "Open_Timeout", SCOPE_DOOR, set_open_timeout, false },
};
#define N_KEYS (sizeof(keys) / sizeof(keys[0]))

static const struct key *
find_key(const char *name)
{
	for (size_t i = 0; i < N_KEYS; i++)
		if (!strcasecmp(keys[i].name, name))
			return &keys[i];
	return NULL;
}

/* Aliases count as one key: Command after Start_Command replaces it. */
static bool
already_seen(struct conf_parser *p, const struct key *key)
{
	for (size_t i = 0; i < N_KEYS; i++)
		if (keys[i].set == key->set && p->seen & (UINT64_C(1) << i))
			return true;
	return false;
}

static struct door *
add_door(struct conf_parser *p, const char *name)
{
	struct conf *conf = p->conf;
	struct door *doors, *door;

	if (conf->n_doors == CONF_DOORS_MAX) {
		fail(p, "more than %d doors", CONF_DOORS_MAX);
		return NULL;
	}
	doors = reallocarray(conf->doors, conf->n_doors + 1, sizeof(*doors));
	if (!doors) {
		fail(p, "out of memory");
		return NULL;
	}
	conf->doors = doors;
	door = &doors[conf->n_doors++];
	*door = (struct door){ .line = p->line, .seq_timeout = 25, .cmd_timeout = 10 };
	if (text_copy(door->name, sizeof(door->name), name))
		warn(p, "the door's name is cut to \"%s\"", door->name);
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
			tell(p, CONF_WARNING,
			     "config: section %s: warning: stop_command%s never runs: there is no start_command (%s)",
			     door->name, suffix[f], p->path);
	}
	if (door->seq.n > 1 && door->seq_timeout <= 0)
		tell(p, CONF_WARNING, "config: section %s: warning: with seq_timeout %lld nobody is fast enough (%s)",
		     door->name, (long long)door->seq_timeout, p->path);
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
		tell(p, CONF_WARNING, "config: section %s: warning: open_timeout is for open, and there is none (%s)",
		     door->name, p->path);
	if (conf_guard_elements(door))
		fail(p, "out of memory");
}

static void
end_section(struct conf_parser *p)
{
	if (p->scope == SCOPE_DOOR)
		end_door(p);
	if (p->scope == SCOPE_DOOR && !p->door->seq.n && !p->door->one_time_path && !p->bad_door) {
		tell(p, CONF_ERROR, "error: section '%s' has an empty knock sequence (line %d of %s)", p->door->name,
		     p->door->line, p->path);
		p->errors++;
	}
	p->scope = SCOPE_NONE;
	p->door = NULL;
	p->seen = 0;
	p->bad_door = false;
}

static void
begin_section(struct conf_parser *p, const char *name)
{
	end_section(p);
	tell(p, CONF_DEBUG, "config: new section: '%s'", name);
	if (!*name) {
		fail(p, "bad section name");
	} else if (!strcmp(name, "options")) {
		p->scope = SCOPE_OPTIONS;
	} else {
		if (!strcasecmp(name, "options"))
			warn(p, "[%s] is a door: only [options], in lower case, holds options", name);
		p->door = add_door(p, name);
		p->scope = p->door ? SCOPE_DOOR : SCOPE_NONE;
	}
}

static const char *
scope_name(const struct conf_parser *p)
{
	return p->scope == SCOPE_DOOR ? p->door->name : "options";
}

static void
take_pair(struct conf_parser *p, const char *name, char *value)
{
	const struct key *key = find_key(name);

	if (!key) {
		fail(p, "syntax error: unknown key \"%s\" in [%s]", name, scope_name(p));
		return;
	}
	if (key->scope != p->scope) {
		fail(p, "syntax error: \"%s\" does not belong into [%s]%s", name, scope_name(p),
		     key->scope == SCOPE_OPTIONS ? " but into [options]" : " but into a door's section");
		return;
	}
	if (!key->repeats && already_seen(p, key))
		warn(p, "%s was given before in [%s]: this one replaces it", name, scope_name(p));
	p->seen |= UINT64_C(1) << (key - keys);
	key->set(p, value);
}

/* UseSyslog is the only word that stands alone, and it may do so in any section. */
static void
take_word(struct conf_parser *p, const char *word)
{
	if (!strcasecmp(word, "UseSyslog")) {
		set_usesyslog(p, NULL);
		return;
	}
	/* only its first word is repeated: the rest may be a secret with a forgotten '=' */
	fail(p, "syntax error: \"%.*s\": no \"=\" in [%s]", (int)strcspn(word, " \t,"), word, scope_name(p));
}

struct conf_parser *
conf_begin(const char *path, conf_report *report, void *arg)
{
	struct conf_parser *p = calloc(1, sizeof(*p));
	struct conf *conf = calloc(1, sizeof(*conf));

	if (!p || !conf || !(conf->user = strdup(ENGINE_USER)) ||
	    !(conf->state_dir = strdup(CONF_STATE_DIR_DEFAULT)) ||
	    !(conf->control_socket = strdup(CONF_CONTROL_DEFAULT))) {
		free(p);
		conf_free(conf);
		return NULL;
	}
	conf->syslog_facility = LOG_DAEMON;
	conf->nflog_group = CONF_GROUP_DEFAULT;
	conf->max_commands = CONF_COMMANDS_DEFAULT;
	conf->max_attempts = CONF_ATTEMPTS_DEFAULT;
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
	if (p->scope == SCOPE_NONE) {
		/* below a section header that was refused, this would only repeat the complaint */
		if (!p->errors)
			fail(p, "all directives must belong to a section");
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
	tell(p, CONF_ERROR,
	     "config: section %s: open and close need Rules = auto: with Rules = none knockd keeps no port shut (line %d of %s)",
	     door->name, door->line, p->path);
	p->errors++;
}

static void
check_closes(struct conf_parser *p, const struct door *door)
{
	for (size_t i = 0; i < door->close.n; i++) {
		if (!conf_guard_is_opened(p->conf, door, i))
			tell(p, CONF_WARNING, "config: section %s: warning: close: no door%s opens %u:%s (%s)", door->name,
			     door->target.family ? " with this Target" : "", door->close.at[i].port,
			     proto_name(door->close.at[i].proto), p->path);
	}
}

struct conf *
conf_end(struct conf_parser *p)
{
	struct conf *conf = p->conf;

	end_section(p);
	for (size_t i = 0; i < conf->n_doors; i++) {
		check_rules(p, &conf->doors[i]);
		check_closes(p, &conf->doors[i]);
	}
	if (p->errors) {
		conf_free(conf);
		conf = NULL;
	}
	free(p);
	return conf;
}

/* ---- the result -------------------------------------------------------------------------------- */

static void
free_grants(struct conf_grants *grants)
{
	for (size_t i = 0; i < grants->n; i++)
		element_free(&grants->at[i]);
	free(grants->at);
}

static void
free_door(struct door *door)
{
	free(door->one_time_path);
	free(door->one_time);
	for (int f = 0; f < CONF_FAMILIES; f++) {
		free(door->start_command[f]);
		free(door->stop_command[f]);
		free_grants(&door->grant[f]);
		free_grants(&door->revoke[f]);
		free_grants(&door->opens[f]);
		free_grants(&door->closes[f]);
	}
}

static void
free_interfaces(struct conf *conf)
{
	for (size_t i = 0; i < conf->n_interfaces; i++)
		free(conf->interfaces[i]);
	free(conf->interfaces);
	free(conf->interface_text);
	conf->interfaces = NULL;
	conf->interface_text = NULL;
	conf->n_interfaces = 0;
}

void
conf_free(struct conf *conf)
{
	if (!conf)
		return;
	for (size_t i = 0; i < conf->n_doors; i++)
		free_door(&conf->doors[i]);
	free(conf->doors);
	free_interfaces(conf);
	free(conf->log_file);
	free(conf->pid_file);
	free(conf->user);
	free(conf->state_dir);
	free(conf->control_socket);
	free(conf);
}

/* The kernel refuses such names (dev_valid_name() in net/core/dev.c), so no packet could ever match one. */
static bool
is_interface_name(const char *name)
{
	return *name && strlen(name) < IFNAMSIZ && !strpbrk(name, "/ \t");
}

static int
add_interface(struct conf *conf, const char *name)
{
	char **list = reallocarray(conf->interfaces, conf->n_interfaces + 1, sizeof(*list));

	if (!list)
		return -1;
	conf->interfaces = list;
	list[conf->n_interfaces] = strdup(name);
	return list[conf->n_interfaces++] ? 0 : -1;
}

int
conf_set_interfaces(struct conf *conf, const char *text, char *err, size_t errlen)
{
	char copy[TEXT_LINE_MAX], *rest = copy, *name;
	bool any = false;

	text_copy(copy, sizeof(copy), text);
	free_interfaces(conf);
	conf->interface_text = strdup(text);
	while ((name = strsep(&rest, ","))) {
		name = text_trim(name);
		name[strcspn(name, ":")] = '\0'; /* eth0:1 labels an address of eth0 and is no interface */
		if (!is_interface_name(name)) {
			snprintf(err, errlen, "no interface can have the name \"%s\"", name);
			free_interfaces(conf);
			return -1;
		}
		any = any || !strcmp(name, "any") || !strcmp(name, "*");
		if (add_interface(conf, name)) {
			snprintf(err, errlen, "out of memory");
			return -1;
		}
	}
	for (; any && conf->n_interfaces; conf->n_interfaces--)
		free(conf->interfaces[conf->n_interfaces - 1]);
	return 0;
}

enum conf_family
conf_family(const struct addr *addr)
{
	return addr->family == AF_INET6 ? CONF_V6 : CONF_V4;
}

const char *
door_start_command(const struct door *door, enum conf_family family)
{
	return door->start_command[family] ? door->start_command[family] : door->start_command[CONF_V4];
}

const char *
door_stop_command(const struct door *door, enum conf_family family)
{
	return door->stop_command[family] ? door->stop_command[family] : door->stop_command[CONF_V4];
}

const struct conf_grants *
door_grants(const struct door *door, enum conf_family family)
{
	return &door->grant[door->grant[family].given ? family : CONF_V4];
}

const struct conf_grants *
door_revokes(const struct door *door, enum conf_family family)
{
	return &door->revoke[door->revoke[family].given ? family : CONF_V4];
}

bool
door_next_sequence(struct door *door)
{
	if (door->next_one_time == door->n_one_time) {
		door->seq.n = 0;
		return false;
	}
	door->seq = door->one_time[door->next_one_time++];
	return true;
}
