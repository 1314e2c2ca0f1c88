/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- files ------------------------------------------------------------------------------------- */

/* pem_password_cb: without it OpenSSL would ask on the terminal. */
static int
no_passphrase(char *text, int len, int writes, void *arg)
{
	(void)text, (void)len, (void)writes, (void)arg;
	return -1;
}

static int
fail(char why[static SHARE_REASON], const char *what, const char *reason)
{
	snprintf(why, SHARE_REASON, "%s: %s", what, reason);
	ERR_clear_error();
	return -1;
}

/* `secret`: without a buffer, in which the key would stay. */
static FILE *
open_again(int fd, bool secret)
{
	int copy = dup(fd);
	FILE *file = copy < 0 || lseek(copy, 0, SEEK_SET) ? NULL : fdopen(copy, "r");

	if (!file && copy >= 0)
		close(copy);
	if (file && secret)
		setvbuf(file, NULL, _IONBF, 0);
	return file;
}

/* The number of certificates, which become those that are trusted; -1: no memory. */
static int
trust_all(SSL_CTX *tls, FILE *file)
{
	X509_STORE *store = SSL_CTX_get_cert_store(tls);
	X509 *cert;
	int n = 0, added = 1;

	while (added && (cert = PEM_read_X509(file, NULL, no_passphrase, NULL))) {
		added = X509_STORE_add_cert(store, cert);
		X509_free(cert);
		n++;
	}
	return added ? n : -1;
}

static int
load_cas(SSL_CTX *tls, int fd, char why[static SHARE_REASON])
{
	FILE *file = open_again(fd, false);
	int n = file ? trust_all(tls, file) : -1;

	if (file)
		fclose(file);
	return n > 0 ? 0 : fail(why, "Share_CA", n ? strerror(errno) : "no certificate is in this file");
}

/* The whole list is read at once: the directory of its parts, which OpenSSL would open later, is out of reach then. */
static int
load_system_cas(SSL_CTX *tls, char why[static SHARE_REASON])
{
	const char *const lists[] = { X509_get_default_cert_file(), "/etc/ssl/certs/ca-certificates.crt",
				      "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem" };

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		FILE *file = fopen(lists[i], "re");
		int n = file ? trust_all(tls, file) : 0;

		if (file)
			fclose(file);
		ERR_clear_error();
		if (n > 0)
			return 0;
	}
	return fail(why, "TLS", "the system's list of CAs was not found: name one with Share_CA");
}

/* The certificate, and those between it and the CA. */
static int
load_certificates(SSL_CTX *tls, int fd, char why[static SHARE_REASON])
{
	FILE *file = open_again(fd, false);
	X509 *cert = file ? PEM_read_X509(file, NULL, no_passphrase, NULL) : NULL;
	int taken = cert ? SSL_CTX_use_certificate(tls, cert) : 0;

	X509_free(cert);
	while (taken && (cert = PEM_read_X509(file, NULL, no_passphrase, NULL))) {
		taken = SSL_CTX_add0_chain_cert(tls, cert);
		if (!taken)
			X509_free(cert);
	}
	if (file)
		fclose(file);
	ERR_clear_error();
	return taken ? 0 : fail(why, "Share_Cert", "no certificate that can be used is in this file");
}

static int
load_key(SSL_CTX *tls, int fd, char why[static SHARE_REASON])
{
	FILE *file = open_again(fd, true);
	EVP_PKEY *key = file ? PEM_read_PrivateKey(file, NULL, no_passphrase, NULL) : NULL;
	int taken;

	if (file)
		fclose(file);
	if (!key)
		return fail(why, "Share_Cert_Key", "no private key without a passphrase is in this file");
	taken = SSL_CTX_use_PrivateKey(tls, key);
	EVP_PKEY_free(key);
	return taken == 1 ? 0 : fail(why, "Share_Cert_Key", "is not the key of the certificate in Share_Cert");
}

static int
load(SSL_CTX *tls, const int fds[static SHARE_TLS_FILES], char why[static SHARE_REASON])
{
	if (fds[SHARE_CA] >= 0 ? load_cas(tls, fds[SHARE_CA], why) : load_system_cas(tls, why))
		return -1;
	if (fds[SHARE_CERT] >= 0 && load_certificates(tls, fds[SHARE_CERT], why))
		return -1;
	return fds[SHARE_CERT_KEY] >= 0 ? load_key(tls, fds[SHARE_CERT_KEY], why) : 0;
}

/* ---- what all connections have in common -------------------------------------------------------- */

/* The system's policy may want a later version of TLS. */
static void
set_policy(SSL_CTX *tls)
{
	if (SSL_CTX_get_min_proto_version(tls) < TLS1_2_VERSION)
		SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
	SSL_CTX_set_options(tls, SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
}

struct ssl_ctx_st *
tls_new(const int fds[static SHARE_TLS_FILES], char why[static SHARE_REASON])
{
	SSL_CTX *tls = SSL_CTX_new(TLS_client_method());

	tzset(); /* libc reads its file of time zones even for gmtime(3), by which ends of certificates are compared */
	if (!tls) {
		fail(why, "TLS", "could not start OpenSSL");
		return NULL;
	}
	set_policy(tls);
	if (!load(tls, fds, why))
		return tls;
	SSL_CTX_free(tls);
	return NULL;
}

void
tls_free(struct ssl_ctx_st *tls)
{
	SSL_CTX_free(tls);
}

/* ---- one connection ---------------------------------------------------------------------------- */

/* Only a name is told to the server (SNI). */
static bool
expect_host(SSL *ssl, const char *host)
{
	if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host))
		return true;
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set1_host(ssl, host) && SSL_set_tlsext_host_name(ssl, host);
}

struct ssl_st *
tls_begin(struct ssl_ctx_st *tls, int fd, const char *host)
{
	SSL *ssl = SSL_new(tls);

	if (ssl && expect_host(ssl, host) && SSL_set_fd(ssl, fd)) {
		SSL_set_connect_state(ssl);
		return ssl;
	}
	SSL_free(ssl);
	ERR_clear_error();
	return NULL;
}

/* Without a farewell: the socket is closed next. */
void
tls_end(struct ssl_st *ssl)
{
	SSL_free(ssl);
}

/* Why a call has failed. The words are OpenSSL's, not the server's. */
static const char *
reason_of(unsigned long error)
{
	const char *text = ERR_reason_error_string(error);

	switch (ERR_GET_REASON(error)) {
	case SSL_R_UNEXPECTED_EOF_WHILE_READING:
		return "the server has closed the connection";
	case SSL_R_WRONG_VERSION_NUMBER:
	case SSL_R_PACKET_LENGTH_TOO_LONG:
		return "the server does not speak TLS at this port";
	case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
		return "the server wants a certificate: Share_Cert";
	}
	return text ? text : "unknown error";
}

/* After a call that has not succeeded. 0: it waits, or -1 with the reason. */
static int
look(const SSL *ssl, int result, char why[static SHARE_REASON])
{
	unsigned long error = ERR_peek_error();

	switch (SSL_get_error(ssl, result)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		ERR_clear_error();
		return 0;
	case SSL_ERROR_SSL:
		return fail(why, "TLS", reason_of(error));
	case SSL_ERROR_SYSCALL:
		return fail(why, "TLS", errno ? strerror(errno) : "the server has closed the connection");
	default:
		return fail(why, "TLS", "the server has closed the connection");
	}
}

/* A certificate that is not accepted is the reason, whatever the server says of the end. */
int
tls_greet(struct ssl_st *ssl, const char *host, char why[static SHARE_REASON])
{
	int result, verdict;

	ERR_clear_error();
	errno = 0;
	result = SSL_connect(ssl);
	verdict = (int)SSL_get_verify_result(ssl);
	if (result == 1)
		return 1;
	if (verdict == X509_V_OK)
		return look(ssl, result, why);
	snprintf(why, SHARE_REASON, "TLS: the certificate is not accepted for %.40s: %s", host,
		 X509_verify_cert_error_string(verdict));
	ERR_clear_error();
	return -1;
}

short
tls_events(const struct ssl_st *ssl)
{
	return SSL_want_write(ssl) ? POLLOUT : POLLIN;
}

ssize_t
tls_read(struct ssl_st *ssl, char *bytes, size_t len, char why[static SHARE_REASON])
{
	int n;

	ERR_clear_error();
	errno = 0;
	n = SSL_read(ssl, bytes, (int)len);
	return n > 0 ? n : look(ssl, n, why);
}

ssize_t
tls_write(struct ssl_st *ssl, const char *bytes, size_t len, char why[static SHARE_REASON])
{
	int n;

	ERR_clear_error();
	errno = 0;
	n = SSL_write(ssl, bytes, len > INT_MAX ? INT_MAX : (int)len);
	return n > 0 ? n : look(ssl, n, why);
}
