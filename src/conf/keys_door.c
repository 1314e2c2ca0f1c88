/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys of a door, but those of signed knocks. */
#include <ctype.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config.h"
#include "keys.h"
#include "lib/text.h"
#include "message.h"
#include "value.h"

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
		return " (ranges are not supported, except as 62000-62999:auth at the end of a sequence)";
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
	case SEQ_BACKWARDS:
		snprintf(buf, len, "item %zu%s is a range whose last port is below its first", error->item, in);
		break;
	case SEQ_NOT_LAST:
		snprintf(buf, len, "item %zu%s: nothing may follow a %s (:%s)", error->item, in,
			 *word == 'a' ? "signed knock" : "code", word);
		break;
	case SEQ_NO_ROOM:
		snprintf(buf, len, "item %zu%s: a code (:totp) takes %d ports from this one on, and the last is 65535",
			 error->item, in, SEQ_CODE_PORTS);
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
	p->door->seq_timeout = value_seconds(p, "Seq_Timeout", value);
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
	if (!*name || !strcmp(name, "ALL") || !strcmp(name, "ANY") || !strcmp(name, "NONE"))
		return ": without this line all flags are accepted";
	if (strpbrk(name, " \t"))
		return ": no blanks are allowed between flags";
	if (strpbrk(name, "|+;:/"))
		return ": commas separate flags";
	return ": the flags are fin, syn, rst, psh, ack and urg";
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
	if (addr_parse(&p->door->target, value)) {
		message_fail(p, "syntax error: Target must be an IPv4 or IPv6 address, not \"%s\", in [%s]", value,
			     p->door->name);
		return;
	}
	message_tell(p, CONF_DEBUG, "config: %s: target: %s", p->door->name, value);
	if (!addr_is_host(&p->door->target))
		message_warn(p,
			     "Target: no host has the address %s: without this line the door accepts packets to all "
			     "addresses of this machine, in [%s]",
			     value, p->door->name);
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

	value_string(p, to, value);
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
	p->door->cmd_timeout = value_seconds(p, "Cmd_Timeout", value);
	message_tell(p, CONF_DEBUG, "config: %s: cmd_timeout: %lld", p->door->name, (long long)p->door->cmd_timeout);
}

/* For an error: without a sequence, which an admin may have written instead of the file. */
static const char *
name_of_file(const char *value)
{
	struct seq seq;

	return seq_parse_door(&seq, value, NULL) ? value : "one_time_sequences";
}

/* This replaces a Sequence above it. A Sequence below it is used first, then the file. */
static void
set_one_time_sequences(struct parser *p, char *value)
{
	struct door *door = p->door;

	if (!*value) {
		message_fail(p, "syntax error: one_time_sequences needs a file, in [%s]", door->name);
		return;
	}
	value_path(p, &door->one_time_path, value);
	message_tell(p, CONF_DEBUG, "config: %s: one time sequences file: %s", door->name, value);
	free(door->one_time);
	door->one_time = NULL;
	door->n_one_time = door->next_one_time = door->seq.n = 0;
	if (!p->load || !door->one_time_path)
		return;
	if (p->load(p->arg, door))
		message_fail(p, "%s: %s, in [%s]", name_of_file(value), strerror(errno), door->name);
	else if (door_next_sequence(door))
		tell_sequence(p);
	else
		message_warn(p, "no more sequences left in the one time sequences file %s: [%s] is disabled", value,
			     door->name);
}

static void
set_cooldown(struct parser *p, char *value)
{
	p->door->cooldown = value_seconds(p, "Seq_Cooldown", value);
	message_tell(p, CONF_DEBUG, "config: %s: seq_cooldown: %lld", p->door->name, (long long)p->door->cooldown);
}

static void
set_allow_duplicates(struct parser *p, char *value)
{
	p->door->allow_duplicates = value_switch(p, "AllowDuplicates", value);
}

static void
set_grant(struct parser *p, char *value)
{
	value_element(p, &p->door->elements[DOOR_GRANTS][CONF_V4], "grant", value);
}

static void
set_grant_6(struct parser *p, char *value)
{
	value_element(p, &p->door->elements[DOOR_GRANTS][CONF_V6], "grant_6", value);
}

static void
set_revoke(struct parser *p, char *value)
{
	value_element(p, &p->door->elements[DOOR_REVOKES][CONF_V4], "revoke", value);
}

static void
set_revoke_6(struct parser *p, char *value)
{
	value_element(p, &p->door->elements[DOOR_REVOKES][CONF_V6], "revoke_6", value);
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
set_open_timeout(struct parser *p, char *value)
{
	if (!value_time(p, &p->door->open_timeout_ms, "open_timeout", value))
		message_tell(p, CONF_DEBUG, "config: %s: open_timeout: %s", p->door->name, value);
}

static void
set_idle_timeout(struct parser *p, char *value)
{
	value_time(p, &p->door->idle_ms, "idle_timeout", value);
}

static void
set_cut(struct parser *p, char *value)
{
	p->door->cut = value_switch(p, "cut", value);
}

static const struct conf_key keys[] = {
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
};

_Static_assert(sizeof(keys) / sizeof(keys[0]) <= KEYS_MAX, "a bit for each");

const struct conf_keys keys_door = { keys, sizeof(keys) / sizeof(keys[0]) };
