/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys of gateways that share accesses, of [options] and of doors. */
#include <string.h>
#include <strings.h>

#include "conf/tlsfiles.h"
#include "keys.h"
#include "lib/text.h"
#include "message.h"
#include "value.h"

/* Nothing else of the value is looked at in a build that cannot share. */
static bool
is_missing(struct parser *p, const char *key)
{
	const char *missing = share_conf_missing();

	if (missing)
		message_fail(p, "%s: %s", key, missing);
	return missing;
}

static void
set_share(struct parser *p, char *value)
{
	struct share_conf *share = &p->conf->share;
	char err[256];

	if (is_missing(p, "Share"))
		return;
	p->share_line = p->line;
	if (share_conf_parse(share, value, err, sizeof(err)))
		message_fail(p, "syntax error: Share: %s", err);
}

static void
set_share_name(struct parser *p, char *value)
{
	if (share_conf_is_name(value))
		text_copy(p->conf->share.name, sizeof(p->conf->share.name), value);
	else
		message_fail(
		    p,
		    "syntax error: Share_Name must be a word of letters, digits and -_., at most %d bytes, not "
		    "\"%s\"",
		    SHARE_NAME_LEN - 1, value);
}

/* The value is not quoted: it may be the secret that belongs in the file. */
static void
set_absolute(struct parser *p, char **to, const char *key, const char *value)
{
	if (*value != '/')
		message_fail(p, "syntax error: %s must be an absolute path", key);
	else
		value_path(p, to, value);
}

static void
set_share_key(struct parser *p, char *value)
{
	set_absolute(p, &p->conf->share.key_path, "Share_Key", value);
}

static void
set_share_login(struct parser *p, char *value)
{
	set_absolute(p, &p->conf->share.login_path, "Share_Login", value);
}

static void
set_share_ca(struct parser *p, char *value)
{
	set_absolute(p, &p->conf->share.tls_path[SHARE_CA], tlsfiles_keys[SHARE_CA], value);
}

static void
set_share_cert(struct parser *p, char *value)
{
	p->cert_line = p->line;
	set_absolute(p, &p->conf->share.tls_path[SHARE_CERT], tlsfiles_keys[SHARE_CERT], value);
}

static void
set_share_cert_key(struct parser *p, char *value)
{
	p->cert_line = p->line;
	set_absolute(p, &p->conf->share.tls_path[SHARE_CERT_KEY], tlsfiles_keys[SHARE_CERT_KEY], value);
}

static void
set_share_wait(struct parser *p, char *value)
{
	uint64_t ms;

	if (value_time(p, &ms, "Share_Wait", value))
		return;
	if (!ms || ms > SHARE_WAIT_MS_MAX)
		message_fail(p, "syntax error: Share_Wait must be from 1ms to %ds, not \"%s\"",
			     SHARE_WAIT_MS_MAX / 1000, value);
	else
		p->conf->share.wait_ms = (uint32_t)ms;
}

static void
set_share_down(struct parser *p, char *value)
{
	if (!strcasecmp(value, "closed"))
		p->conf->share.down = SHARE_DOWN_CLOSED;
	else if (!strcasecmp(value, "open"))
		p->conf->share.down = SHARE_DOWN_OPEN;
	else
		message_fail(p, "syntax error: Share_Down must be closed or open, not \"%s\"", value);
}

static void
set_share_bans(struct parser *p, char *value)
{
	p->conf->share.bans = value_switch(p, "Share_Bans", value);
}

static void
set_share_replicas(struct parser *p, char *value)
{
	long n;

	if (!value_number(p, "Share_Replicas", value, 0, SHARE_REPLICAS_MAX, &n))
		p->conf->share.replicas = (uint32_t)n;
}

static void
set_mode(struct parser *p, char *value)
{
	if (!strcasecmp(value, "grants"))
		p->door->share = SHARE_GRANTS;
	else if (!strcasecmp(value, "claim"))
		p->door->share = SHARE_CLAIM;
	else if (!strcasecmp(value, "no"))
		p->door->share = SHARE_LOCAL;
	else
		message_fail(p, "syntax error: share must be grants, claim or no, not \"%s\", in [%s]", value,
			     p->door->name);
}

/* `Share` has two meanings, by its section. */
static void
set_share_here(struct parser *p, char *value)
{
	if (p->scope == CONF_SCOPE_DOOR)
		set_mode(p, value);
	else
		set_share(p, value);
}

static const struct conf_key keys[] = {
	{ "Share", CONF_SCOPE_BOTH, set_share_here, false },
	{ "Share_Name", CONF_SCOPE_OPTIONS, set_share_name, false },
	{ "Share_Key", CONF_SCOPE_OPTIONS, set_share_key, false },
	{ "Share_Login", CONF_SCOPE_OPTIONS, set_share_login, false },
	{ "Share_CA", CONF_SCOPE_OPTIONS, set_share_ca, false },
	{ "Share_Cert", CONF_SCOPE_OPTIONS, set_share_cert, false },
	{ "Share_Cert_Key", CONF_SCOPE_OPTIONS, set_share_cert_key, false },
	{ "Share_Wait", CONF_SCOPE_OPTIONS, set_share_wait, false },
	{ "Share_Down", CONF_SCOPE_OPTIONS, set_share_down, false },
	{ "Share_Bans", CONF_SCOPE_OPTIONS, set_share_bans, false },
	{ "Share_Replicas", CONF_SCOPE_OPTIONS, set_share_replicas, false },
};

_Static_assert(sizeof(keys) / sizeof(keys[0]) <= KEYS_MAX, "a bit for each");

const struct conf_keys keys_share = { keys, sizeof(keys) / sizeof(keys[0]) };
