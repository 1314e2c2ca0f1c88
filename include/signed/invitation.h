/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The line that a user gets at enrolment: "knock1:BASE64@HOST:PORT/DOOR", where BASE64 is the server's public key and
 * the site key, PORT may be a range, a HOST with colons stands in brackets, and characters of DOOR that a shell or a
 * line would not keep are %XX.
 */
#ifndef KNOCKD_INVITATION_H
#define KNOCKD_INVITATION_H

#include <stddef.h>
#include <stdint.h>

#include "signed/knock1.h"

#define INVITATION_HOST_MAX 256
#define INVITATION_DOOR_MAX 128
#define INVITATION_LEN      1024

struct invitation {
	struct knock1_site site;
	char host[INVITATION_HOST_MAX];
	char door[INVITATION_DOOR_MAX];
	uint16_t port, last; /* of a range; else the same */
};

/* 0, or -1 with a clause in `why`; the text is not quoted. */
int invitation_parse(struct invitation *invitation, const char *text, const char **why);

/* The same without "/DOOR", which may be missing: for a profile, which has a key `door`. */
int invitation_parse_server(struct invitation *invitation, const char *text, const char **why);

const char *invitation_format(const struct invitation *invitation, char buf[static INVITATION_LEN]);

#endif
