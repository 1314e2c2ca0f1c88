/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes signed knocks: with the user's key, for one door of one server. */
#ifndef KNOCK_SIGNER_H
#define KNOCK_SIGNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "net.h"

struct signer;

enum signer_action { SIGNER_OPEN, SIGNER_CLOSE, SIGNER_PROBE };

/* What to ask for. All strings are borrowed. */
struct signer_setup {
	const char *server;  /* "knock1:...", see signed/invitation.h */
	const char *door;    /* NULL: in `server` */
	const char *key;     /* "agent", or a file's absolute path */
	const char *counter; /* path of its file, see counter.h */
	enum signer_action action;
	uint32_t seconds;    /* 0: the door's own time */
	uint8_t proto;       /* of `port` */
	uint16_t port;       /* 0: none */
	struct addr address; /* the client's, as the server sees it; no family: its own, unless that is a private one */
	bool has_code;       /* the knock carries this one-time code */
	uint32_t code;
	bool other; /* `address` is somebody else's */
};

/* Checks the text of `server`; `door` says whether it must name one. NULL, or a clause about what is wrong. */
const char *signer_check(const char *server, bool door);

/* The host and the door in "knock1:..."; 0, or -1 if it is malformed. */
int signer_names(const char *server, char *host, size_t hostlen, char *door, size_t doorlen);

/* Reads the key or finds it in the agent. NULL with a message in `err`. */
struct signer *signer_open(const struct signer_setup *setup, char *err, size_t errlen);
void signer_free(struct signer *signer); /* NULL is legal */

/* Did the agent refuse to sign? Then nothing was sent. */
bool signer_refused(const struct signer *signer); /* NULL is legal */

/*
 * Sends a new knock. A security key signs once: later knocks say the same. 0, or -1 with errno; EACCES: nothing was
 * signed, after one message on stderr.
 */
int signer_send(struct signer *signer, const struct place *place, const struct origin *origin);

#endif
