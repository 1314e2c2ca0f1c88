/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of knockers for the log (-l): reverse DNS in a helper process without privilege, so that a slow
 * name server does not delay the daemon. Log lines have no name until the helper has found it.
 */
#ifndef KNOCKD_LOOKUP_H
#define KNOCKD_LOOKUP_H

#include "lib/addr.h"
#include "lib/log.h"
#include "process/priv.h"

struct lookup;

/* Forks the helper, running as `user`. NULL with errno. `log` is borrowed. */
struct lookup *lookup_start(const struct priv_user *user, const struct log *log);
void lookup_stop(struct lookup *lookup); /* NULL is legal, here and below */

/* Readable when there are answers, which lookup_read() takes; -1: there is no helper. */
int lookup_fd(const struct lookup *lookup);
void lookup_read(struct lookup *lookup);

/* The name of the address, or NULL: none, or not known yet. Does not ask the helper. */
const char *lookup_known(struct lookup *lookup, const struct addr *addr);

/* "ADDRESS" or "ADDRESS (NAME)", as knockd begins its lines; asks for an unknown name. Returns `buf`. */
#define LOOKUP_WHO_LEN (ADDR_STRLEN + 260)
const char *lookup_who(struct lookup *lookup, const struct addr *addr, char buf[static LOOKUP_WHO_LEN]);

#endif
