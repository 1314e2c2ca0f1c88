/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file with an SSH key: OpenSSH's private key (PROTOCOL.key in its source), or a public key, whose other half an
 * agent has. */
#ifndef KNOCK_KEYFILE_H
#define KNOCK_KEYFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "signed/sshkey.h"

struct keyfile {
	struct sshkey key;
	bool has_secret;    /* false: encrypted, a security key's, or a public key: an agent has to sign */
	uint8_t secret[64]; /* Ed25519, as libsodium has it */
};

/* 0, or -1 with a message, which quotes nothing of the file. */
int keyfile_read(struct keyfile *keyfile, const char *path, char *err, size_t errlen);

/* The same for the file's content. NULL, or a clause about what is wrong. For fuzzers, too. */
const char *keyfile_parse(struct keyfile *keyfile, const char *text, size_t len);

#endif
