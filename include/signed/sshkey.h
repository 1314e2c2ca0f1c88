/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Public SSH keys that can sign knocks: ssh-ed25519, and sk-ssh-ed25519@openssh.com of a FIDO security key. */
#ifndef KNOCKD_SSHKEY_H
#define KNOCKD_SSHKEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "signed/knock1.h"

#define SSHKEY_APPLICATION_MAX 64 /* with its NUL; OpenSSH's default is "ssh:" */
#define SSHKEY_BLOB_MAX        256
#define SSHKEY_PRINT_LEN       (sizeof("SHA256:") + 43)

struct sshkey {
	uint8_t public_key[KNOCK1_KEY_LEN]; /* Ed25519 */
	bool fido;
	char application[SSHKEY_APPLICATION_MAX]; /* of a security key */
};

/* Is the word the name of a key type of OpenSSH, one of ours or another? */
bool sshkey_is_type(const char *word);

/* Reads the public key "TYPE BASE64". 0, or -1 with a clause in `why`. */
int sshkey_parse(struct sshkey *key, const char *type, const char *base64, const char **why);

/* Reads and writes SSH's binary form. 0, or -1: another type, or malformed. The second returns the length. */
int sshkey_read_blob(struct sshkey *key, const uint8_t *blob, size_t len);
size_t sshkey_write_blob(const struct sshkey *key, uint8_t blob[static SSHKEY_BLOB_MAX]);

/* As `ssh-keygen -l` prints it. */
const char *sshkey_print(const struct sshkey *key, char buf[static SSHKEY_PRINT_LEN]);

bool sshkey_equal(const struct sshkey *a, const struct sshkey *b);

#endif
