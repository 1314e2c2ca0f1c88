/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files for TLS with the group's server. They are opened when a configuration is read, so that what was checked is
 * what a courier reads, and nothing else needs the secret key.
 */
#ifndef KNOCKD_TLSFILES_H
#define KNOCKD_TLSFILES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

/* Files for TLS, in PEM. */
enum share_tls_file {
	SHARE_CA,       /* those who vouch for servers; none: the system's */
	SHARE_CERT,     /* the gateway's own certificate, with those between it and its CA */
	SHARE_CERT_KEY, /* its private key */
	SHARE_TLS_FILES
};

/* The keys of the configuration that name them. */
extern const char *const tlsfiles_keys[SHARE_TLS_FILES];

struct tlsfiles {
	int fds[SHARE_TLS_FILES]; /* -1: none */
	struct tlsfiles_stamp {
		dev_t dev;
		ino_t ino;
		off_t size;
		struct timespec changed;
	} stamps[SHARE_TLS_FILES]; /* when they were opened */
};

/* Returns a descriptor, or -1 with errno. */
typedef int tlsfiles_opener(void *arg, const char *path);

/*
 * Opens the files with these names, NULL: none. Nobody but root and `self` may write to them, or have access to the
 * secret key. NULL with the reason in `err`.
 */
struct tlsfiles *tlsfiles_open(char *const paths[static SHARE_TLS_FILES], uid_t self, tlsfiles_opener *opener,
			       void *arg, char *err, size_t errlen);
void tlsfiles_close(struct tlsfiles *files); /* NULL is legal */

/* Are they the same files, and unchanged? NULL: none. */
bool tlsfiles_same(const struct tlsfiles *a, const struct tlsfiles *b);

#endif
