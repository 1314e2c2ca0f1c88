/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file of the secrets of one-time codes, in memory that no child of this process gets. */
#ifndef KNOCKD_SECRETS_H
#define KNOCKD_SECRETS_H

#include <sys/types.h>

#include "lib/totp.h"

#define SECRETS_MAX 1000 /* lines */

struct secrets {
	size_t n;
	struct totp_user at[SECRETS_MAX];
};

/* Takes one message without the file's name; line 0: about the file. */
typedef void secrets_report(void *arg, int line, const char *text);

/* See codes_read() in access/codes.h. NULL after a report; freed by secrets_free(). */
struct secrets *secrets_read(int fd, uid_t owner, secrets_report *report, void *arg);
void secrets_free(struct secrets *secrets); /* NULL is legal */

#endif
