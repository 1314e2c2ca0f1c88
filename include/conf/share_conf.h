/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How gateways of a group share their accesses: the keys Share and Share_*. Plain data that owns its memory. */
#ifndef KNOCKD_SHARE_CONF_H
#define KNOCKD_SHARE_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/tlsfiles.h"

#define SHARE_PORT_DEFAULT    6379
#define SHARE_SENTINEL_PORT   26379
#define SHARE_HOSTS           9   /* servers or sentinels */
#define SHARE_HOST_LEN        254 /* RFC 1035: a name, with its NUL */
#define SHARE_PATH_LEN        108 /* sun_path */
#define SHARE_NAME_LEN        65
#define SHARE_NAME_DEFAULT    "main"
#define SHARE_LOGIN_LEN       256
#define SHARE_WAIT_MS_DEFAULT 250 /* a claim: a thousand round trips in a data centre, less than a person notices */
#define SHARE_WAIT_MS_MAX     10000
#define SHARE_REPLICAS_MAX    8

struct seal_keys;

enum share_engine {
	SHARE_NONE,     /* the gateway is on its own */
	SHARE_TCP,      /* redis://, rediss:// */
	SHARE_UNIX,     /* unix: */
	SHARE_SENTINEL, /* sentinel://, rediss-sentinel:// */
};

/* A door's `share`. */
enum share_mode {
	SHARE_GRANTS, /* opens at once, then tells the others */
	SHARE_CLAIM,  /* opens when no other gateway has opened for the same knock */
	SHARE_LOCAL,  /* `no` */
};

/* What a door with SHARE_CLAIM does while the server gives no answer. */
enum share_down {
	SHARE_DOWN_CLOSED,
	SHARE_DOWN_OPEN,
};

struct share_host {
	char name[SHARE_HOST_LEN]; /* or an address */
	uint16_t port;
};

/* Content of the file Share_Login. */
struct share_login {
	char user[SHARE_LOGIN_LEN]; /* "": only a password, AUTH with one argument */
	char password[SHARE_LOGIN_LEN];
};

struct share_conf {
	enum share_engine engine;
	bool tls;                             /* rediss: */
	char url[1024];                       /* as written, for messages: it never holds a password */
	struct share_host hosts[SHARE_HOSTS]; /* SHARE_UNIX: none; others but SHARE_SENTINEL: tried in this order */
	size_t n_hosts;
	char path[SHARE_PATH_LEN];       /* SHARE_UNIX */
	char service[SHARE_NAME_LEN];    /* SHARE_SENTINEL: the sentinels' name for the primary */
	char name[SHARE_NAME_LEN];       /* of the group: letters, digits and -_. */
	char *key_path;                  /* the file of the group's key */
	char *login_path;                /* NULL: no login */
	char *tls_path[SHARE_TLS_FILES]; /* NULL: none */
	struct seal_keys *keys;     /* read from key_path by conffile_read_share(), like the next; NULL: not read */
	struct share_login login;   /* ... from login_path */
	struct tlsfiles *tls_files; /* opened from tls_path by tlsfiles_open(); NULL: not opened */
	uint32_t wait_ms;
	enum share_down down;
	bool bans;         /* scanners are banned on all gateways */
	uint32_t replicas; /* a claim is answered when so many have it */
};

void share_conf_free(struct share_conf *share); /* wipes keys and login, closes files; `share` itself stays */

/*
 * Reads an address such as redis://10.0.0.5, rediss://a,b:6380, redis://[2001:db8::1]:6379, unix:/run/valkey.sock,
 * sentinel://a,b,c/NAME or rediss-sentinel://a,b,c/NAME. 0, or -1 with the reason in `err`.
 */
int share_conf_parse(struct share_conf *share, const char *text, char *err, size_t errlen);

/* Is a group's name valid? */
bool share_conf_is_name(const char *name);

/* Why this build cannot share: the libraries that are missing. NULL: it can. */
const char *share_conf_missing(void);

#endif
