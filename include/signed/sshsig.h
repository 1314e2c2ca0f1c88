/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is signed: OpenSSH's SSHSIG form of a message (PROTOCOL.sshsig in OpenSSH's source), as `ssh-keygen -Y sign -n
 * knock@knockd-nft` makes it. The message is "knock1", the server's public key and the statement, so that a signature
 * is worth nothing at another server. A security key signs a hash of that with its flags and its counter
 * (PROTOCOL.u2f).
 */
#ifndef KNOCKD_SSHSIG_H
#define KNOCKD_SSHSIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "signed/knock1.h"
#include "signed/sshkey.h"

#define SSHSIG_NAMESPACE "knock@knockd-nft"
#define SSHSIG_LEN       (6 + 4 + sizeof(SSHSIG_NAMESPACE) - 1 + 4 + 4 + 6 + 4 + 64)

#define SSHSIG_TOUCHED  1 /* FIDO flags: the user has touched the security key */
#define SSHSIG_VERIFIED 4 /* ... and given it a PIN or a fingerprint */

/* The bytes that a key or an agent signs. */
void sshsig_signed(const uint8_t server_key[static KNOCK1_KEY_LEN],
		   const uint8_t statement[static KNOCK1_STATEMENT_LEN], uint8_t bytes[static SSHSIG_LEN]);

/* Is this the key's signature of the statement for this server? */
bool sshsig_verify(const struct sshkey *key, const uint8_t server_key[static KNOCK1_KEY_LEN],
		   const struct knock1_plain *plain);

#endif
