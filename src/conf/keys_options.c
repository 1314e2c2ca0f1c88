/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys of [options], but those of signed knocks. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>
#include <syslog.h>

#include "config.h"
#include "keys.h"
#include "lib/text.h"
#include "message.h"
#include "value.h"
#include "wire/capture.h"

static void
set_logfile(struct parser *p, char *value)
{
	value_path(p, &p->conf->log_file, value);
	message_tell(p, CONF_DEBUG, "config: log file: %s", value);
}

static void
set_pidfile(struct parser *p, char *value)
{
	value_path(p, &p->conf->pid_file, value);
	message_tell(p, CONF_DEBUG, "config: pid file: %s", value);
}

static void
set_interface(struct parser *p, char *value)
{
	char err[320];
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
	p->conf->own_table = value_switch(p, "Own_Table", value) ? CONF_OWN_YES : CONF_OWN_NO;
}

static void
set_nflog_group(struct parser *p, char *value)
{
	long n;

	if (!value_number(p, "Nflog_Group", value, 0, UINT16_MAX, &n))
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

	if (!value_number(p, "Queue_Num", value, 0, UINT16_MAX - CAPTURE_WAYS + 1, &n))
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

/* A name has the group that the system gives it, so only a number can stand before a colon. */
static void
set_user(struct parser *p, char *value)
{
	const char *colon = strchr(value, ':');

	if (!*value)
		message_fail(p, "syntax error: User needs a name");
	else if (colon && (!isdigit((unsigned char)*value) || !isdigit((unsigned char)colon[1])))
		message_fail(p, "syntax error: User must be a name alone, or the numbers uid:gid, not \"%s\"", value);
	else
		value_path(p, &p->conf->user, value);
}

static void
set_state_dir(struct parser *p, char *value)
{
	if (*value != '/')
		message_fail(p, "syntax error: State_Dir must be an absolute path, not \"%s\"", value);
	else
		value_path(p, &p->conf->state_dir, value);
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
		value_path(p, &p->conf->control_socket, value);
	}
}

static void
set_max_commands(struct parser *p, char *value)
{
	long n;

	if (!value_number(p, "Max_Commands", value, 1, 10000, &n))
		p->conf->max_commands = (unsigned)n;
}

static void
set_max_attempts(struct parser *p, char *value)
{
	long n;

	if (!value_number(p, "Max_Attempts", value, CONF_ATTEMPTS_MIN, CONF_ATTEMPTS_MAX, &n))
		p->conf->max_attempts = (uint32_t)n;
}

static void
set_max_grants(struct parser *p, char *value)
{
	long n;

	if (!value_number(p, "Max_Grants", value, 1, CONF_GRANTS_MAX, &n))
		p->conf->max_grants = (uint32_t)n;
}

static void
set_scan_guard(struct parser *p, char *value)
{
	long n;

	if (!value_number(p, "Scan_Guard", value, 0, CONF_SCAN_GUARD_MAX, &n))
		p->conf->scan_guard = (unsigned)n;
}

static void
set_source_rate(struct parser *p, char *value)
{
	long n;

	if (!value_number(p, "Source_Rate", value, 0, 1000000, &n))
		p->conf->source_rate = (uint32_t)n;
}

static void
set_ban_set(struct parser *p, char *value)
{
	value_element(p, &p->conf->ban[CONF_V4], "Ban_Set", value);
}

static void
set_ban_set_6(struct parser *p, char *value)
{
	value_element(p, &p->conf->ban[CONF_V6], "Ban_Set_6", value);
}

static void
set_ban_time(struct parser *p, char *value)
{
	value_time(p, &p->conf->ban_ms, "Ban_Time", value);
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

/* "192.0.2.0/24 198.51.100.0/24" */
static bool
begins_with_network(const char *text)
{
	char first[NETWORK_STRLEN];
	struct network network;
	size_t len = strcspn(text, " \t");

	if (len >= sizeof(first))
		return false;
	snprintf(first, sizeof(first), "%.*s", (int)len, text);
	return !network_parse(&network, first);
}

/* Networks, and sets, which are known by their blanks. */
static void
set_ban_except(struct parser *p, char *value)
{
	char set[ELEMENT_TEXT_MAX], *word;

	while ((word = strsep(&value, ","))) {
		word = text_trim(word);
		snprintf(set, sizeof(set), "%s { %%IP%% }", word);
		if (!strpbrk(word, " \t")) {
			add_ban_network(p, word);
		} else if (!begins_with_network(word)) {
			value_element(p, &p->conf->ban_except_sets, "Ban_Except", set);
		} else {
			if (!*p->hint)
				p->hint = ": commas separate networks";
			message_fail(p, "syntax error: Ban_Except: \"%s\" is not a network", word);
		}
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
};

_Static_assert(sizeof(keys) / sizeof(keys[0]) <= KEYS_MAX, "a bit for each");

const struct conf_keys keys_options = { keys, sizeof(keys) / sizeof(keys[0]) };
