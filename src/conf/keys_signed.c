/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys of signed knocks and one-time codes, of [options] and of doors. */
#include <strings.h>

#include "config.h"
#include "keys.h"
#include "message.h"
#include "value.h"

/* The paths of signed knocks' files. The value is not quoted: it may be the secret that belongs in the file. */
static void
set_key_path(struct parser *p, char **to, const char *key, const char *value)
{
#ifndef HAVE_SODIUM
	message_fail(p, "%s: this knockd was built without libsodium", key);
#endif
	if (*value != '/')
		message_fail(p, "syntax error: %s must be an absolute path", key);
	else
		value_path(p, to, value);
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

/* Needs no libsodium. */
static void
set_totp_secrets(struct parser *p, char *value)
{
	if (*value != '/')
		message_fail(p, "syntax error: Totp_Secrets must be an absolute path");
	else
		value_path(p, &p->conf->totp_secrets, value);
}

static void
set_totp_tries(struct parser *p, char *value)
{
	long n;

	if (!value_number(p, "totp_tries", value, 1, 1000, &n))
		p->door->code_tries = (unsigned)n;
}

static void
set_replay_sync(struct parser *p, char *value)
{
	p->conf->replay_sync = !strcasecmp(value, "always");
	if (!p->conf->replay_sync && strcasecmp(value, "second"))
		message_fail(p, "syntax error: Replay_Sync must be second or always, not \"%s\"", value);
}

static void
set_max_ahead(struct parser *p, char *value)
{
	value_time(p, &p->conf->max_ahead_ms, "Max_Ahead", value);
}

static void
set_max_age(struct parser *p, char *value)
{
	value_time(p, &p->conf->max_age_ms, "Max_Age", value);
}

static void
set_users(struct parser *p, char *value)
{
	if (*value)
		value_string(p, &p->door->users, value);
	else
		message_fail(p, "syntax error: users needs a name, in [%s]", p->door->name);
}

static void
set_bound(struct parser *p, char *value)
{
	p->door->bound = value_switch(p, "bound", value);
}

static void
set_max_time(struct parser *p, char *value)
{
	value_time(p, &p->door->max_time_ms, "max_time", value);
}

static const struct conf_key keys[] = {
	{ "Knock_Key", CONF_SCOPE_OPTIONS, set_knock_key, false },
	{ "Authorized_Keys", CONF_SCOPE_OPTIONS, set_authorized_keys, false },
	{ "Totp_Secrets", CONF_SCOPE_OPTIONS, set_totp_secrets, false },
	{ "Replay_Sync", CONF_SCOPE_OPTIONS, set_replay_sync, false },
	{ "Max_Ahead", CONF_SCOPE_OPTIONS, set_max_ahead, false },
	{ "Max_Age", CONF_SCOPE_OPTIONS, set_max_age, false },
	{ "Users", CONF_SCOPE_DOOR, set_users, false },
	{ "Totp_Tries", CONF_SCOPE_DOOR, set_totp_tries, false },
	{ "Bound", CONF_SCOPE_DOOR, set_bound, false },
	{ "Max_Time", CONF_SCOPE_DOOR, set_max_time, false },
};

_Static_assert(sizeof(keys) / sizeof(keys[0]) <= KEYS_MAX, "a bit for each");

const struct conf_keys keys_signed = { keys, sizeof(keys) / sizeof(keys[0]) };
