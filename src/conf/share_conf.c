/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/share_conf.h"

#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/tlsfiles.h"
#include "lib/text.h"
#include "share/seal.h"

static const struct scheme {
	const char *begin;
	enum share_engine engine;
	bool tls;
	uint16_t port;
} schemes[] = {
	{ "redis://", SHARE_TCP, false, SHARE_PORT_DEFAULT },
	{ "rediss://", SHARE_TCP, true, SHARE_PORT_DEFAULT },
	{ "unix:", SHARE_UNIX, false, 0 },
	{ "sentinel://", SHARE_SENTINEL, false, SHARE_SENTINEL_PORT },
	{ "rediss-sentinel://", SHARE_SENTINEL, true, SHARE_SENTINEL_PORT },
};

const char *
share_conf_missing(void)
{
#if !defined HAVE_HIREDIS && !defined HAVE_SODIUM
	const char *missing = "this knockd was built without hiredis and libsodium";
#elif !defined HAVE_HIREDIS
	const char *missing = "this knockd was built without hiredis";
#elif !defined HAVE_SODIUM
	const char *missing = "this knockd was built without libsodium";
#else
	const char *missing = NULL;
#endif

	return missing;
}

/* Encryption without a proof of who is at the other end would be no better than none, so there is no such choice. */
static bool
can_tls(char *err, size_t errlen)
{
#ifdef HAVE_OPENSSL
	(void)err, (void)errlen;
	return true;
#else
	snprintf(err, errlen, "this knockd was built without OpenSSL: use redis:// through a tunnel, or unix:PATH");
	return false;
#endif
}

static bool
has_only(const char *text, const char *others)
{
	for (; *text; text++)
		if (!isascii((unsigned char)*text) || (!isalnum((unsigned char)*text) && !strchr(others, *text)))
			return false;
	return true;
}

bool
share_conf_is_name(const char *name)
{
	return *name && strlen(name) < SHARE_NAME_LEN && has_only(name, "-_.");
}

static int
take_port(uint16_t *port, const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (!isdigit((unsigned char)*text) || *end || !n || n > UINT16_MAX)
		return -1;
	*port = (uint16_t)n;
	return 0;
}

/* "name", "name:port", "[2001:db8::1]:port" */
static int
take_host(struct share_host *host, char *text, uint16_t port)
{
	char *name = text, *end = text + strcspn(text, ":");

	if (*text == '[') {
		name++;
		end = strchr(text, ']');
		if (!end)
			return -1;
		*end++ = '\0';
	}
	host->port = port;
	if (*end == ':') {
		*end = '\0';
		if (take_port(&host->port, end + 1))
			return -1;
	} else if (*end) {
		return -1;
	}
	return *name && has_only(name, "-_.:%") ? text_copy(host->name, sizeof(host->name), name) : -1;
}

static int
take_hosts(struct share_conf *share, char *list, uint16_t port, char *err, size_t errlen)
{
	char *word;

	while ((word = strsep(&list, ","))) {
		word = text_trim(word);
		if (share->n_hosts == SHARE_HOSTS) {
			snprintf(err, errlen, "more than %d hosts", SHARE_HOSTS);
			return -1;
		}
		if (take_host(&share->hosts[share->n_hosts], word, port)) {
			snprintf(err, errlen,
				 "item %zu is not a host, such as 10.0.0.5, [2001:db8::5]:%u or a name (a login "
				 "belongs in the file Share_Login)",
				 share->n_hosts + 1, port);
			return -1;
		}
		share->n_hosts++;
	}
	return 0;
}

static int
take_path(struct share_conf *share, const char *path, char *err, size_t errlen)
{
	if (*path == '/' && !text_copy(share->path, sizeof(share->path), path))
		return 0;
	snprintf(err, errlen, "unix: needs an absolute path of at most %d bytes", SHARE_PATH_LEN - 1);
	return -1;
}

/* Cuts "/NAME" off. */
static int
take_service(struct share_conf *share, char *rest, char *err, size_t errlen)
{
	char *slash = strchr(rest, '/');

	if (slash)
		*slash++ = '\0';
	if (slash && share_conf_is_name(slash) && !text_copy(share->service, sizeof(share->service), slash))
		return 0;
	snprintf(err, errlen, "sentinels need the name of the primary at the end, such as sentinel://a,b,c/mymaster");
	return -1;
}

static int
take_rest(struct share_conf *share, const struct scheme *scheme, char *rest, char *err, size_t errlen)
{
	if (scheme->engine == SHARE_UNIX)
		return take_path(share, rest, err, errlen);
	if (scheme->engine == SHARE_SENTINEL && take_service(share, rest, err, errlen))
		return -1;
	return take_hosts(share, rest, scheme->port, err, errlen);
}

/* No error quotes the text: it may have a password in it, at any place. */
int
share_conf_parse(struct share_conf *share, const char *text, char *err, size_t errlen)
{
	char copy[sizeof(share->url)];

	if (strchr(text, '@')) {
		snprintf(err, errlen, "a password does not belong here, but in the file Share_Login");
		return -1;
	}
	share->n_hosts = 0;
	*share->path = *share->service = '\0';
	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
		size_t len = strlen(schemes[i].begin);

		if (strncmp(text, schemes[i].begin, len))
			continue;
		if (text_copy(share->url, sizeof(share->url), text)) {
			snprintf(err, errlen, "more than %zu bytes", sizeof(share->url) - 1);
			return -1;
		}
		if (schemes[i].tls && !can_tls(err, errlen))
			return -1;
		share->engine = schemes[i].engine;
		share->tls = schemes[i].tls;
		text_copy(copy, sizeof(copy), text + len);
		return take_rest(share, &schemes[i], copy, err, errlen);
	}
	snprintf(err, errlen,
		 "it is not redis://HOST, rediss://HOST, unix:PATH, sentinel://HOST,.../NAME or "
		 "rediss-sentinel://HOST,.../NAME");
	return -1;
}

void
share_conf_free(struct share_conf *share)
{
	free(share->key_path);
	free(share->login_path);
	explicit_bzero(&share->login, sizeof(share->login));
	share->key_path = share->login_path = NULL;
	for (int i = 0; i < SHARE_TLS_FILES; i++) {
		free(share->tls_path[i]);
		share->tls_path[i] = NULL;
	}
	tlsfiles_close(share->tls_files);
	share->tls_files = NULL;
	if (share->keys)
		explicit_bzero(share->keys, sizeof(*share->keys));
	free(share->keys);
	share->keys = NULL;
}
