/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Without OpenSSL: a configuration that would need it is refused, see share_conf_parse(). */
#include "tls.h"

#include <stdio.h>

struct ssl_ctx_st *
tls_new(const int fds[static SHARE_TLS_FILES], char why[static SHARE_REASON])
{
	(void)fds;
	snprintf(why, SHARE_REASON, "TLS: this knockd was built without OpenSSL");
	return NULL;
}

void
tls_free(struct ssl_ctx_st *tls)
{
	(void)tls;
}

struct ssl_st *
tls_begin(struct ssl_ctx_st *tls, int fd, const char *host)
{
	(void)tls, (void)fd, (void)host;
	return NULL;
}

void
tls_end(struct ssl_st *ssl)
{
	(void)ssl;
}

int
tls_greet(struct ssl_st *ssl, const char *host, char why[static SHARE_REASON])
{
	(void)ssl, (void)host, (void)why;
	return -1;
}

short
tls_events(const struct ssl_st *ssl)
{
	(void)ssl;
	return 0;
}

ssize_t
tls_read(struct ssl_st *ssl, char *bytes, size_t len, char why[static SHARE_REASON])
{
	(void)ssl, (void)bytes, (void)len, (void)why;
	return -1;
}

ssize_t
tls_write(struct ssl_st *ssl, const char *bytes, size_t len, char why[static SHARE_REASON])
{
	(void)ssl, (void)bytes, (void)len, (void)why;
	return -1;
}
