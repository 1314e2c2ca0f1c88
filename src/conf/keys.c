/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "keys.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>
#include <syslog.h>

#include "config.h"
#include "lib/text.h"
#include "message.h"
#include "wire/capture.h"

/* ---- values ------------------------------------------------------------------------------------ */

static void
set_string(struct parser *p, char **to, const char *value)
{
	char *copy = strdup(value);

	if (!copy) {
		message_fail(p, "out of memory");
		return;
	}
	free(*to);
	*to = copy;
}

/* knockd 0.8 takes every value literally: a trailing "# comment" is part of the file name. */
static void
warn_literal(struct parser *p, const char *value)
{
	const char *hint = hint_literal(value);
	char text[HINT_LEN];

	if (!*hint)
		hint = hint_blank(value, text);
	if (*hint)
		message_warn(p, "\"%s\" is taken literally%s", value, hint);
}

static void
set_path(struct parser *p, char **to, const char *value)
{
	warn_literal(p, value);
	set_string(p, to, value);
}

/* Like atoi(3) in knockd 0.8, with warnings: text counts as 0, and anything after the number is ignored. */
static int64_t
parse_seconds(struct parser *p, const char *key, const char *value)
{
	char *end;
	long long n = strtoll(value, &end, 10);

	if (end == value)
		message_warn(p, "%s: \"%s\" is not a number and counts as 0%s", key, value, p->hint);
	else if (*end)
		message_warn(p, "%s: \"%s\" after the number is ignored%s", key, end, p->hint);
	if (n > INT_MAX || n < INT_MIN) {
		message_warn(p, "%s: %s is out of range", key, value);
		n = n > 0 ? INT_MAX : INT_MIN;
	}
	return n;
}

/* For keys that knockd 0.8 does not have: the whole value must be a number in the range. */
static int
parse_number(struct parser *p, const char *key, const char *value, long min, long max, long *n)
{
	char *end;

	*n = strtol(value, &end, 10);
	if (end == value || *end || *n < min || *n > max) {
		message_fail(p, "syntax error: %s must be a number from %ld to %ld, not \"%s\"", key, min, max, value);
		return -1;
	}
	return 0;
}

/* For keys of knockd's forks and our own. */
static bool
parse_switch(struct parser *p, const char *key, const char *value)
{
	bool is;

	if (!text_flag(&is, value))
		return is;
	message_fail(p, "syntax error: %s must be yes or no, not \"%s\"", key, value);
	return false;
}

static void
add_element(struct parser *p, struct element_list *grants, const char *key, const char *value)
{
	char err[256];
	struct element *at;

	grants->given = true;
	if (!*value)
		return; /* an empty value: no element for this family */
	at = reallocarray(grants->at, grants->n + 1, sizeof(*at));
	if (!at) {
		message_fail(p, "out of memory");
		return;
	}
	grants->at = at;
	if (element_parse(&at[grants->n], value, err, sizeof(err)))
		message_fail(p, "syntax error: %s: %s, in [%s]", key, err, p->door ? p->door->name : "options");
	else
		at[grants->n++].line = p->line;
	if (*hint_placeholder(value))
		message_warn(p, "%s%s", key, hint_placeholder(value));
}

/* ---- [options] --------------------------------------------------------------------------------- */

void
keys_use_syslog(struct parser *p)
{
	p->conf->use_syslog = true;
	message_tell(p, CONF_DEBUG, "config: usesyslog");
}

static void
set_logfile(struct parser *p, char *value)
{
	set_path(p, &p->conf->log_file, value);
	message_tell(p, CONF_DEBUG, "config: log file: %s", value);
}

static void
set_pidfile(struct parser *p, char *value)
{
	set_path(p, &p->conf->pid_file, value);
	message_tell(p, CONF_DEBUG, "config: pid file: %s", value);
}

static void
set_interface(struct parser *p, char *value)
{
	char err[128];
	bool refused;

	if (p->conf->interface_text) {
		message_warn(p, "Interface was given before: \"%s\" is ignored", value);
		return;
	}
	refused = conf_set_interfaces(p->conf, value, err, sizeof(err)) < 0;
	if (!*p->hint && strpbrk(value, refused ? " \t;|" : ";|"))
		p->hint = ": commas separate interfaces";
	if (refused && p->other_interface)
		message_warn(p, "%s%s; -i overrides this line", err, p->hint);
	else if (refused)
		message_fail(p, "%s", err);
	else
		message_tell(p, CONF_DEBUG, "config: interface: %s", value);
	if (strpbrk(value, "\"'"))
		message_warn(p, "Interface: the quotes in %s count as part of the name", value);
	else if (p->conf->n_interfaces && *p->hint)
		message_warn(p, "\"%s\" is taken literally%s", value, p->hint);
}

static void
set_access_log(struct parser *p, char *value)
{
	if (!strcasecmp(value, "command"))
		p->conf->access_log = CONF_ACCESS_COMMAND;
	else if (!strcasecmp(value, "words"))
		p->conf->access_log = CONF_ACCESS_WORDS;
	else
		message_fail(p, "syntax error: Access_Log must be command or words, not \"%s\"", value);
}

static void
set_rules(struct parser *p, char *value)
{
	if (!strcasecmp(value, "auto"))
		p->conf->rules = CONF_RULES_AUTO;
	else if (!strcasecmp(value, "none"))
		p->conf->rules = CONF_RULES_NONE;
	else
		message_fail(p, "syntax error: Rules must be auto or none, not \"%s\"", value);
}

static void
set_own_table(struct parser *p, char *value)
{
	p->conf->own_table = parse_switch(p, "Own_Table", value) ? CONF_OWN_YES : CONF_OWN_NO;
}

static void
set_nflog_group(struct parser *p, char *value)
{
	long n;

	if (!parse_number(p, "Nflog_Group", value, 0, UINT16_MAX, &n))
		p->conf->nflog_group = (uint16_t)n;
}

static void
set_capture(struct parser *p, char *value)
{
	if (!strcasecmp(value, "nflog"))
		p->conf->capture = CONF_CAPTURE_NFLOG;
	else if (strcasecmp(value, "nfqueue"))
		message_fail(p, "syntax error: Capture must be nflog or nfqueue, not \"%s\"", value);
#ifdef HAVE_NFQUEUE
	else
		p->conf->capture = CONF_CAPTURE_NFQUEUE;
#else
	else
		message_fail(p, "Capture = nfqueue: this knockd was built without libnetfilter_queue");
#endif
}

static void
set_queue_num(struct parser *p, char *value)
{
	long n;

	if (!parse_number(p, "Queue_Num", value, 0, UINT16_MAX - CAPTURE_WAYS + 1, &n))
		p->conf->queue_num = (uint16_t)n;
}

static void
set_knock_verdict(struct parser *p, char *value)
{
	if (!strcasecmp(value, "drop"))
		p->conf->knock_verdict = CONF_KNOCK_DROP;
	else if (!strcasecmp(value, "accept"))
		p->conf->knock_verdict = CONF_KNOCK_ACCEPT;
	else
		message_fail(p, "syntax error: Knock_Verdict must be drop or accept, not \"%s\"", value);
}

static void
set_user(struct parser *p, char *value)
{
	if (!*value)
		message_fail(p, "syntax error: User needs a name");
	else
		set_path(p, &p->conf->user, value);
}

static void
set_state_dir(struct parser *p, char *value)
{
	if (*value != '/')
		message_fail(p, "syntax error: State_Dir must be an absolute path, not \"%s\"", value);
	else
		set_path(p, &p->conf->state_dir, value);
}

/* The paths of signed knocks' files. */
static void
set_key_path(struct parser *p, char **to, const char *key, const char *value)
{
#ifndef HAVE_SODIUM
	message_fail(p, "%s: this knockd was built without libsodium", key);
#endif
	if (*value != '/')
		message_fail(p, "syntax error: %s must be an absolute path, not \"%s\"", key, value);
	else
		set_path(p, to, value);
}

static void
set_knock_key(struct parser *p, char *value)
{
	set_key_path(p, &p->conf->knock_key, "Knock_Key", value);
}

static void
set_authorized_keys(struct parser *p, char *value)
{
	set_key_path(p, &p->conf->authorized_keys, "Authorized_Keys", value);
}

static void
set_replay_sync(struct parser *p, char *value)
{
	p->conf->replay_sync = !strcasecmp(value, "always");
	if (!p->conf->replay_sync && strcasecmp(value, "second"))
		message_fail(p, "syntax error: Replay_Sync must be second or always, not \"%s\"", value);
}

static void
set_time(struct parser *p, uint64_t *ms, const char *key, const char *value)
{
	char err[160];

	if (element_timeout(ms, value, err, sizeof(err)))
		message_fail(p, "syntax error: %s: %s", key, err);
}

static void
set_max_ahead(struct parser *p, char *value)
{
	set_time(p, &p->conf->max_ahead_ms, "Max_Ahead", value);
}

static void
set_max_age(struct parser *p, char *value)
{
	set_time(p, &p->conf->max_age_ms, "Max_Age", value);
}

static void
set_control_socket(struct parser *p, char *value)
{
	const size_t max = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;

	if (!strcasecmp(value, "none")) {
		free(p->conf->control_socket);
		p->conf->control_socket = NULL;
	} else if (*value != '/' || strlen(value) > max) {
		message_fail(
		    p, "syntax error: Control_Socket must be none or an absolute path of at most %zu bytes, not \"%s\"",
		    max, value);
	} else {
		set_path(p, &p->conf->control_socket, value);
	}
}

static void
set_max_commands(struct parser *p, char *value)
{
	long n;

	if (!parse_number(p, "Max_Commands", value, 1, 10000, &n))
		p->conf->max_commands = (unsigned)n;
}

static void
set_max_attempts(struct parser *p, char *value)
{
	long n;

	if (!parse_number(p, "Max_Attempts", value, CONF_ATTEMPTS_MIN, CONF_ATTEMPTS_MAX, &n))
		p->conf->max_attempts = (uint32_t)n;
}

static void
set_max_grants(struct parser *p, char *value)
{
	long n;

	if (!parse_number(p, "Max_Grants", value, 1, CONF_GRANTS_MAX, &n))
		p->conf->max_grants = (uint32_t)n;
}

static void
set_scan_guard(struct parser *p, char *value)
{
	long n;

	if (!parse_number(p, "Scan_Guard", value, 0, CONF_SCAN_GUARD_MAX, &n))
		p->conf->scan_guard = (unsigned)n;
}

static void
set_source_rate(struct parser *p, char *value)
{
	long n;

	if (!parse_number(p, "Source_Rate", value, 0, 1000000, &n))
		p->conf->source_rate = (uint32_t)n;
}

static void
set_ban_set(struct parser *p, char *value)
{
	add_element(p, &p->conf->ban[CONF_V4], "Ban_Set", value);
}

static void
set_ban_set_6(struct parser *p, char *value)
{
	add_element(p, &p->conf->ban[CONF_V6], "Ban_Set_6", value);
}

static void
set_ban_time(struct parser *p, char *value)
{
	char err[160];

	if (element_timeout(&p->conf->ban_ms, value, err, sizeof(err)))
		message_fail(p, "syntax error: Ban_Time: %s", err);
}

static void
add_ban_network(struct parser *p, const char *text)
{
	struct conf *conf = p->conf;
	struct network *list = reallocarray(conf->ban_except, conf->n_ban_except + 1, sizeof(*list));

	if (!list) {
		message_fail(p, "out of memory");
		return;
	}
	conf->ban_except = list;
	if (!network_parse(&list[conf->n_ban_except], text))
		conf->n_ban_except++;
	else
		message_fail(p,
			     "syntax error: Ban_Except: \"%s\" is not a network, such as 192.0.2.0/24, nor a set, such "
			     "as inet filter friends",
			     text);
}

/* Networks, and sets, which are known by their blanks. */
static void
set_ban_except(struct parser *p, char *value)
{
	char set[ELEMENT_TEXT_MAX], *word;

	while ((word = strsep(&value, ","))) {
		word = text_trim(word);
		snprintf(set, sizeof(set), "%s { %%IP%% }", word);
		if (strpbrk(word, " \t"))
			add_element(p, &p->conf->ban_except_sets, "Ban_Except", set);
		else
			add_ban_network(p, word);
	}
}

static void
set_guard_policy(struct parser *p, char *value)
{
	if (!strcasecmp(value, "drop"))
		p->conf->guard_policy = CONF_GUARD_DROP;
	else if (!strcasecmp(value, "reject"))
		p->conf->guard_policy = CONF_GUARD_REJECT;
	else
		message_fail(p, "syntax error: Guard_Policy must be drop or reject, not \"%s\"", value);
}

/* "24,64": bits for IPv4 and for IPv6. */
static void
set_max_prefix(struct parser *p, char *value)
{
	static const long most[CONF_FAMILIES] = { 32, 128 };
	char *rest = value;
	long n;

	for (enum conf_family f = CONF_V4; f < CONF_FAMILIES; f++) {
		const char *word = rest ? text_trim(strsep(&rest, ",")) : "";
		bool more = f + 1 < CONF_FAMILIES;
		char *end;

		n = strtol(word, &end, 10);
		if (!isdigit((unsigned char)*word) || *end || n > most[f] || more != (rest != NULL)) {
			message_fail(
			    p,
			    "syntax error: Max_Prefix needs two numbers, for IPv4 from 0 to 32 and for IPv6 from 0 to "
			    "128, such as 24,64");
			return;
		}
		p->conf->max_prefix[f] = (uint8_t)n;
	}
}

/* The table in <syslog.h> has names of type char * in musl, which the compiler warns of. "security" is in it, too. */
static const struct {
	const char *name;
	int facility;
} facilities[] = {
	{ "auth", LOG_AUTH },     { "authpriv", LOG_AUTHPRIV }, { "cron", LOG_CRON },     { "daemon", LOG_DAEMON },
	{ "ftp", LOG_FTP },       { "kern", LOG_KERN },         { "lpr", LOG_LPR },       { "mail", LOG_MAIL },
	{ "news", LOG_NEWS },     { "security", LOG_AUTH },     { "syslog", LOG_SYSLOG }, { "user", LOG_USER },
	{ "uucp", LOG_UUCP },     { "local0", LOG_LOCAL0 },     { "local1", LOG_LOCAL1 }, { "local2", LOG_LOCAL2 },
	{ "local3", LOG_LOCAL3 }, { "local4", LOG_LOCAL4 },     { "local5", LOG_LOCAL5 }, { "local6", LOG_LOCAL6 },
	{ "local7", LOG_LOCAL7 },
};

static void
set_syslog_facility(struct parser *p, char *value)
{
	for (size_t i = 0; i < sizeof(facilities) / sizeof(*facilities); i++) {
		if (!strcasecmp(facilities[i].name, value)) {
			p->conf->syslog_facility = facilities[i].facility;
			return;
		}
	}
	message_fail(p, "syntax error: Syslog_Facility: unknown facility \"%s\"", value);
}

/* ---- doors ------------------------------------------------------------------------------------- */

/* "7000,8000 # note": knockd 0.8 ignored the note (atoi). A note with a comma is ambiguous, thus an error. */
static void
cut_note(struct parser *p, char *value)
{
	char *note = strchr(value, '#');

	if (!note || note == value || !isspace((unsigned char)note[-1]) || strchr(note, ','))
		return;
	message_warn(p, "the text from # on is ignored: a comment needs a line of its own");
	p->hint = "";
	*note = '\0';
	text_trim(value);
}

static void
tell_sequence(struct parser *p)
{
	char text[SEQ_STRLEN];

	message_tell(p, CONF_DEBUG, "config: %s: sequence: %s", p->door->name,
		     seq_format(&p->door->seq, text, sizeof(text)));
}

/* A word, or a number out of range, is quoted, as in 0.8. Anything else may hold ports, which are secret. */
static bool
is_quoted(const struct seq_error *error)
{
	const char *word = error->word + (*error->word == '-');
	bool digits = strpbrk(error->word, "0123456789");

	for (const char *c = error->word; *c; c++)
		if (!isascii(*c)) /* other digits look like these */
			return false;
	return !digits || (error->fault == SEQ_NO_PORT && strspn(word, "0123456789") == strlen(word));
}

static const char a_number[] = ": a port is a number from 1 to 65535";

/* knockd 0.8 ignored the text behind the number (atoi). */
static const char *
explain_tail(const char *word)
{
	const char *tail = word + strspn(word, "0123456789");

	if (tail == word)
		return a_number;
	if (*tail == '-')
		return " (ranges are not supported, but as 62000-62999:auth at the end of a sequence)";
	if (isspace((unsigned char)*tail) && isdigit((unsigned char)tail[strspn(tail, " \t")]))
		return ": commas separate ports";
	return ": only :tcp or :udp may follow the number";
}

static const char *
explain_port(const char *word)
{
	bool proto = !strcasecmp(word, "tcp") || !strcasecmp(word, "udp");

	return proto ? ": a port is a number from 1 to 65535, the protocol follows it" : a_number;
}

/* Explains a fault in a list of ports. `in` is " in knock sequence" or "". With a hint that is the reason. */
static const char *
explain_ports(const struct parser *p, const struct seq_error *error, const char *in, char *buf, size_t len)
{
	const char *word = error->word, *allowed = *p->hint ? "" : ": only tcp or udp may follow the colon";

	switch (error->fault) {
	case SEQ_TOO_MANY:
		snprintf(buf, len, "too many ports%s (at most %d)", in, SEQ_MAX);
		break;
	case SEQ_NO_PORT:
		if (is_quoted(error))
			snprintf(buf, len, "port %s is invalid%s", *word ? word : "\"\"",
				 *p->hint ? "" : explain_port(word));
		else
			snprintf(buf, len, "item %zu%s is not a port%s", error->item, in,
				 *p->hint ? "" : explain_tail(word));
		break;
	case SEQ_NO_PROTOCOL:
		if (is_quoted(error))
			snprintf(buf, len, "unknown protocol%s: \"%s\"%s", in, word, allowed);
		else
			snprintf(buf, len, "unknown protocol%s, item %zu%s", in, error->item, allowed);
		break;
	case SEQ_NOT_LAST:
		snprintf(buf, len, "item %zu%s: nothing may follow a signed knock (:auth)", error->item, in);
		break;
	}
	return buf;
}

static void
set_sequence(struct parser *p, char *value)
{
	struct seq_error error;
	char text[256];

	cut_note(p, value);
	if (seq_parse_door(&p->door->seq, value, &error)) {
		message_tell(p, CONF_ERROR, "config: section %s: %s%s (line %d of %s)", p->door->name,
			     explain_ports(p, &error, " in knock sequence", text, sizeof(text)), p->hint, p->line,
			     p->path);
		p->errors++;
		p->bad_door = true;
		return;
	}
#ifndef HAVE_SODIUM
	if (seq_auth(&p->door->seq))
		message_fail(p, "sequence: :auth: this knockd was built without libsodium, in [%s]", p->door->name);
#endif
	p->door->next_one_time = 0; /* a one-time file named above is used after this sequence */
	tell_sequence(p);
}

static void
set_seq_timeout(struct parser *p, char *value)
{
	p->door->seq_timeout = parse_seconds(p, "Seq_Timeout", value);
	message_tell(p, CONF_DEBUG, "config: %s: seq_timeout: %lld", p->door->name, (long long)p->door->seq_timeout);
}

static uint8_t
flag_bit(const char *name)
{
	static const struct {
		const char *name;
		uint8_t bit;
	} flags[] = {
		{ "FIN", TH_FIN },  { "SYN", TH_SYN }, { "RST", TH_RST },
		{ "PSH", TH_PUSH }, { "ACK", TH_ACK }, { "URG", TH_URG },
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (!strcmp(name, flags[i].name))
			return flags[i].bit;
	return 0;
}

static const char *
explain_flag(const struct parser *p, const char *name)
{
	if (*p->hint)
		return "";
	if (!*name)
		return ": without this line all flags are accepted";
	return strpbrk(name, " \t") ? ": no blanks are allowed between flags" : "";
}

/* No blanks around items: knockd 0.8 rejects them, and a file that passes here must work there. */
static void
set_tcpflags(struct parser *p, char *value)
{
	struct door *door = p->door;
	char *rest = value, *name;

	for (char *c = value; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	while ((name = strsep(&rest, ","))) {
		bool clear = *name == '!';
		uint8_t bit = flag_bit(name + clear);

		if (!bit) {
			message_fail(p, "unrecognized flag \"%s\" in [%s]%s", name + clear, door->name,
				     explain_flag(p, name + clear));
			return;
		}
		if (door->flags_mask & bit && !(door->flags_value & bit) != clear)
			message_warn(p, "%s was given before, %s \"!\": this one replaces it, in [%s]", name + clear,
				     clear ? "without" : "with", door->name);
		door->flags_mask |= bit;
		door->flags_value = (uint8_t)(clear ? door->flags_value & ~bit : door->flags_value | bit);
		message_tell(p, CONF_DEBUG, "config: tcp flag: %s", name);
	}
}

/* knockd 0.8 compared text: it accepted a host name, which never matched. */
static void
set_target(struct parser *p, char *value)
{
	if (addr_parse(&p->door->target, value))
		message_fail(p, "syntax error: Target must be an IPv4 or IPv6 address, not \"%s\", in [%s]", value,
			     p->door->name);
	else
		message_tell(p, CONF_DEBUG, "config: %s: target: %s", p->door->name, value);
}

/* "\"/sbin/iptables -A INPUT\"": the shell looks for a program of that name. */
static bool
is_one_word(const char *command)
{
	char quote = *command;
	const char *end = quote == '"' || quote == '\'' ? strchr(command + 1, quote) : NULL;

	return end && !end[1] && strchr(command, ' ');
}

static void
set_command(struct parser *p, char **to, const char *key, const char *value)
{
	char hint[HINT_LEN];

	set_string(p, to, value);
	if (*hint_blank(value, hint))
		message_warn(p, "%s%s", key, hint);
	if (is_one_word(value))
		message_warn(p, "%s: in quotes the whole text is the name of one program", key);
	if (*hint_placeholder(value))
		message_warn(p, "%s%s", key, hint_placeholder(value));
	message_tell(p, CONF_DEBUG, "config: %s: %s: %s", p->door->name, key, value);
}

static void
set_start_command(struct parser *p, char *value)
{
	set_command(p, &p->door->start_command[CONF_V4], "start_command", value);
}

static void
set_start_command_6(struct parser *p, char *value)
{
	set_command(p, &p->door->start_command[CONF_V6], "start_command_6", value);
}

static void
set_stop_command(struct parser *p, char *value)
{
	set_command(p, &p->door->stop_command[CONF_V4], "stop_command", value);
}

static void
set_stop_command_6(struct parser *p, char *value)
{
	set_command(p, &p->door->stop_command[CONF_V6], "stop_command_6", value);
}

static void
set_cmd_timeout(struct parser *p, char *value)
{
	p->door->cmd_timeout = parse_seconds(p, "Cmd_Timeout", value);
	message_tell(p, CONF_DEBUG, "config: %s: cmd_timeout: %lld", p->door->name, (long long)p->door->cmd_timeout);
}

/* This replaces a Sequence above it. A Sequence below it is used first, then the file. */
static void
set_one_time_sequences(struct parser *p, char *value)
{
	struct door *door = p->door;

	set_path(p, &door->one_time_path, value);
	message_tell(p, CONF_DEBUG, "config: %s: one time sequences file: %s", door->name, value);
	free(door->one_time);
	door->one_time = NULL;
	door->n_one_time = door->next_one_time = door->seq.n = 0;
	if (!p->load || !door->one_time_path)
		return;
	if (p->load(p->arg, door))
		message_fail(p, "%s: %s, in [%s]", value, strerror(errno), door->name);
	else if (door_next_sequence(door))
		tell_sequence(p);
	else
		message_warn(p, "no more sequences left in the one time sequences file %s: [%s] is disabled", value,
			     door->name);
}

static void
set_cooldown(struct parser *p, char *value)
{
	p->door->cooldown = parse_seconds(p, "Seq_Cooldown", value);
	message_tell(p, CONF_DEBUG, "config: %s: seq_cooldown: %lld", p->door->name, (long long)p->door->cooldown);
}

static void
set_allow_duplicates(struct parser *p, char *value)
{
	p->door->allow_duplicates = parse_switch(p, "AllowDuplicates", value);
}

static void
set_grant(struct parser *p, char *value)
{
	add_element(p, &p->door->elements[DOOR_GRANTS][CONF_V4], "grant", value);
}

static void
set_grant_6(struct parser *p, char *value)
{
	add_element(p, &p->door->elements[DOOR_GRANTS][CONF_V6], "grant_6", value);
}

static void
set_revoke(struct parser *p, char *value)
{
	add_element(p, &p->door->elements[DOOR_REVOKES][CONF_V4], "revoke", value);
}

static void
set_revoke_6(struct parser *p, char *value)
{
	add_element(p, &p->door->elements[DOOR_REVOKES][CONF_V6], "revoke_6", value);
}

/* A repeated port would be a second element, and a second log line for each knock. */
static void
drop_repeated(struct parser *p, struct seq *ports, const char *key)
{
	size_t n = 0;

	for (size_t i = 0, same; i < ports->n; i++) {
		const struct knock_port *port = &ports->at[i];

		for (same = 0; same < n; same++)
			if (ports->at[same].port == port->port && ports->at[same].proto == port->proto)
				break;
		if (same < n)
			message_warn(p, "%s: %u:%s is given more than once, in [%s]", key, port->port,
				     seq_proto_name(port->proto), p->door->name);
		else
			ports->at[n++] = *port;
	}
	ports->n = n;
}

static void
set_guarded(struct parser *p, struct seq *ports, const char *key, char *value)
{
	struct seq_error error;
	char text[SEQ_STRLEN];

	cut_note(p, value);
	if (!*value) {
		message_fail(p, "syntax error: %s needs a port, such as 22:tcp, in [%s]", key, p->door->name);
	} else if (seq_parse(ports, value, &error)) {
		message_fail(p, "syntax error: %s: %s, in [%s]", key, explain_ports(p, &error, "", text, sizeof(text)),
			     p->door->name);
	} else {
		message_tell(p, CONF_DEBUG, "config: %s: %s: %s", p->door->name, key,
			     seq_format(ports, text, sizeof(text)));
		drop_repeated(p, ports, key);
	}
}

static void
set_open(struct parser *p, char *value)
{
	set_guarded(p, &p->door->open, "open", value);
}

static void
set_close(struct parser *p, char *value)
{
	set_guarded(p, &p->door->close, "close", value);
}

static void
set_users(struct parser *p, char *value)
{
	if (*value)
		set_string(p, &p->door->users, value);
	else
		message_fail(p, "syntax error: users needs a name, in [%s]", p->door->name);
}

static void
set_bound(struct parser *p, char *value)
{
	p->door->bound = parse_switch(p, "bound", value);
}

static void
set_max_time(struct parser *p, char *value)
{
	char err[160];

	if (element_timeout(&p->door->max_time_ms, value, err, sizeof(err)))
		message_fail(p, "syntax error: max_time: %s, in [%s]", err, p->door->name);
}

static void
set_open_timeout(struct parser *p, char *value)
{
	char err[160];

	if (element_timeout(&p->door->open_timeout_ms, value, err, sizeof(err)))
		message_fail(p, "syntax error: open_timeout: %s, in [%s]", err, p->door->name);
	else
		message_tell(p, CONF_DEBUG, "config: %s: open_timeout: %s", p->door->name, value);
}

static void
set_idle_timeout(struct parser *p, char *value)
{
	char err[160];

	if (element_timeout(&p->door->idle_ms, value, err, sizeof(err)))
		message_fail(p, "syntax error: idle_timeout: %s, in [%s]", err, p->door->name);
}

static void
set_cut(struct parser *p, char *value)
{
	p->door->cut = parse_switch(p, "cut", value);
}

/* ---- all of them ------------------------------------------------------------------------------- */

static const struct conf_key keys[] = {
	{ "LogFile", CONF_SCOPE_OPTIONS, set_logfile, false },
	{ "Access_Log", CONF_SCOPE_OPTIONS, set_access_log, false },
	{ "PidFile", CONF_SCOPE_OPTIONS, set_pidfile, false },
	{ "Interface", CONF_SCOPE_OPTIONS, set_interface, true },
	{ "Rules", CONF_SCOPE_OPTIONS, set_rules, false },
	{ "Own_Table", CONF_SCOPE_OPTIONS, set_own_table, false },
	{ "Capture", CONF_SCOPE_OPTIONS, set_capture, false },
	{ "Nflog_Group", CONF_SCOPE_OPTIONS, set_nflog_group, false },
	{ "Queue_Num", CONF_SCOPE_OPTIONS, set_queue_num, false },
	{ "Knock_Verdict", CONF_SCOPE_OPTIONS, set_knock_verdict, false },
	{ "User", CONF_SCOPE_OPTIONS, set_user, false },
	{ "Syslog_Facility", CONF_SCOPE_OPTIONS, set_syslog_facility, false },
	{ "State_Dir", CONF_SCOPE_OPTIONS, set_state_dir, false },
	{ "Control_Socket", CONF_SCOPE_OPTIONS, set_control_socket, false },
	{ "Knock_Key", CONF_SCOPE_OPTIONS, set_knock_key, false },
	{ "Authorized_Keys", CONF_SCOPE_OPTIONS, set_authorized_keys, false },
	{ "Replay_Sync", CONF_SCOPE_OPTIONS, set_replay_sync, false },
	{ "Max_Ahead", CONF_SCOPE_OPTIONS, set_max_ahead, false },
	{ "Max_Age", CONF_SCOPE_OPTIONS, set_max_age, false },
	{ "Max_Commands", CONF_SCOPE_OPTIONS, set_max_commands, false },
	{ "Max_Attempts", CONF_SCOPE_OPTIONS, set_max_attempts, false },
	{ "Max_Grants", CONF_SCOPE_OPTIONS, set_max_grants, false },
	{ "Scan_Guard", CONF_SCOPE_OPTIONS, set_scan_guard, false },
	{ "Source_Rate", CONF_SCOPE_OPTIONS, set_source_rate, false },
	{ "Ban_Set", CONF_SCOPE_OPTIONS, set_ban_set, true },
	{ "Ban_Set_6", CONF_SCOPE_OPTIONS, set_ban_set_6, true },
	{ "Ban_Time", CONF_SCOPE_OPTIONS, set_ban_time, false },
	{ "Ban_Except", CONF_SCOPE_OPTIONS, set_ban_except, true },
	{ "Guard_Policy", CONF_SCOPE_OPTIONS, set_guard_policy, false },
	{ "Max_Prefix", CONF_SCOPE_OPTIONS, set_max_prefix, false },
	{ "Sequence", CONF_SCOPE_DOOR, set_sequence, false },
	{ "One_Time_Sequences", CONF_SCOPE_DOOR, set_one_time_sequences, false },
	{ "Seq_Timeout", CONF_SCOPE_DOOR, set_seq_timeout, false },
	{ "Timeout", CONF_SCOPE_DOOR, set_seq_timeout, false },
	{ "TCPFlags", CONF_SCOPE_DOOR, set_tcpflags, true },
	{ "Target", CONF_SCOPE_DOOR, set_target, false },
	{ "Start_Command", CONF_SCOPE_DOOR, set_start_command, false },
	{ "Command", CONF_SCOPE_DOOR, set_start_command, false },
	{ "Start_Command_6", CONF_SCOPE_DOOR, set_start_command_6, false },
	{ "Command_6", CONF_SCOPE_DOOR, set_start_command_6, false },
	{ "Stop_Command", CONF_SCOPE_DOOR, set_stop_command, false },
	{ "Stop_Command_6", CONF_SCOPE_DOOR, set_stop_command_6, false },
	{ "Cmd_Timeout", CONF_SCOPE_DOOR, set_cmd_timeout, false },
	{ "Seq_Cooldown", CONF_SCOPE_DOOR, set_cooldown, false },
	{ "Cooldown", CONF_SCOPE_DOOR, set_cooldown, false },
	{ "AllowDuplicates", CONF_SCOPE_DOOR, set_allow_duplicates, false },
	{ "Grant", CONF_SCOPE_DOOR, set_grant, true },
	{ "Grant_6", CONF_SCOPE_DOOR, set_grant_6, true },
	{ "Revoke", CONF_SCOPE_DOOR, set_revoke, true },
	{ "Revoke_6", CONF_SCOPE_DOOR, set_revoke_6, true },
	{ "Open", CONF_SCOPE_DOOR, set_open, false },
	{ "Close", CONF_SCOPE_DOOR, set_close, false },
	{ "Cut", CONF_SCOPE_DOOR, set_cut, false },
	{ "Idle_Timeout", CONF_SCOPE_DOOR, set_idle_timeout, false },
	{ "Open_Timeout", CONF_SCOPE_DOOR, set_open_timeout, false },
	{ "Users", CONF_SCOPE_DOOR, set_users, false },
	{ "Bound", CONF_SCOPE_DOOR, set_bound, false },
	{ "Max_Time", CONF_SCOPE_DOOR, set_max_time, false },
};
#define N_KEYS (sizeof(keys) / sizeof(keys[0]))

_Static_assert(N_KEYS <= 64, "struct parser has a bit for each in `seen`");

const struct conf_key *
keys_find(const char *name)
{
	for (size_t i = 0; i < N_KEYS; i++)
		if (!strcasecmp(keys[i].name, name))
			return &keys[i];
	return NULL;
}

bool
keys_alike(const char *a, const char *b)
{
	for (;; a++, b++) {
		while (*a && !isalnum((unsigned char)*a))
			a++;
		while (*b && !isalnum((unsigned char)*b))
			b++;
		if (!*a || !*b || tolower((unsigned char)*a) != tolower((unsigned char)*b))
			return !*a && !*b;
	}
}

const char *
keys_similar(const char *name)
{
	for (size_t i = 0; i < N_KEYS; i++)
		if (keys_alike(keys[i].name, name))
			return keys[i].name;
	return keys_alike("UseSyslog", name) ? "UseSyslog" : NULL;
}

bool
keys_seen(const struct parser *p, const struct conf_key *key)
{
	for (size_t i = 0; i < N_KEYS; i++)
		if (keys[i].set == key->set && p->seen & (UINT64_C(1) << i))
			return true;
	return false;
}

void
keys_met(struct parser *p, const struct conf_key *key)
{
	p->seen |= UINT64_C(1) << (key - keys);
}
