/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TLS 1.2 or later to servers, by OpenSSL. No call blocks, and none but tls_new() needs a file. A server must have a
 * certificate of one of the CAs that has not expired and bears the name of the host.
 */
#ifndef KNOCKD_COURIER_TLS_H
#define KNOCKD_COURIER_TLS_H

#include <sys/types.h>

#include "conf/share_conf.h"
#include "wire/share.h"

/* OpenSSL's SSL_CTX: what all connections have in common, and SSL: one of them. */
struct ssl_ctx_st;
struct ssl_st;

/*
 * Reads the files of SHARE_CA, SHARE_CERT and SHARE_CERT_KEY from their beginnings; a descriptor of -1: none, and the
 * CAs are the system's. Leaves the descriptors open. NULL with the reason, which names the key of the configuration and
 * quotes nothing of the file.
 */
struct ssl_ctx_st *tls_new(const int fds[static SHARE_TLS_FILES], char why[static SHARE_REASON]);
void tls_free(struct ssl_ctx_st *tls); /* NULL is legal */

/* On a connected socket, which it leaves open at its end; `host`: a name or an address. NULL: no memory. */
struct ssl_st *tls_begin(struct ssl_ctx_st *tls, int fd, const char *host);
void tls_end(struct ssl_st *ssl); /* NULL is legal */

/* The handshake. 1: it is done, 0: it waits for tls_events(), -1 with the reason, in which `host` is named. */
int tls_greet(struct ssl_st *ssl, const char *host, char why[static SHARE_REASON]);
short tls_events(const struct ssl_st *ssl);

/* How many bytes were read or written, 0: not now, -1 with the reason. */
ssize_t tls_read(struct ssl_st *ssl, char *bytes, size_t len, char why[static SHARE_REASON]);
ssize_t tls_write(struct ssl_st *ssl, const char *bytes, size_t len, char why[static SHARE_REASON]);

#endif
