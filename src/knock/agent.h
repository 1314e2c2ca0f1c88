/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ssh-agent, which keeps keys and signs with them (draft-miller-ssh-agent). */
#ifndef KNOCK_AGENT_H
#define KNOCK_AGENT_H

#include <stddef.h>
#include <stdint.h>

#include "signed/knock1.h"
#include "signed/sshkey.h"

/* Connects to the agent of $SSH_AUTH_SOCK. A descriptor, or -1 with a message in `err`. */
int agent_open(char *err, size_t errlen);

/* The agent's first key that can knock, or the one that equals `wanted` (NULL: any). 0, or -1 with a message. */
int agent_find(int fd, const struct sshkey *wanted, struct sshkey *key, char *err, size_t errlen);

/*
 * Lets the agent sign these bytes; fills the signature of `plain`, and of a security key its flags and counter. It may
 * ask the user, and takes its time. 0, or -1 with a message.
 */
int agent_sign(int fd, const struct sshkey *key, const uint8_t *bytes, size_t len, struct knock1_plain *plain,
	       char *err, size_t errlen);

#endif
