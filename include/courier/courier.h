/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The child process that keeps the connection to Redis or Valkey, see wire/share.h. It has no privilege and opens no
 * file; it knows the login of the server and not the group's key.
 */
#ifndef KNOCKD_COURIER_H
#define KNOCKD_COURIER_H

#include "conf/share_conf.h"
#include "process/priv.h"

/* Exit status: names have to be resolved again, as no server was reached for some time. To be started again soon. */
#define COURIER_AGAIN 3

struct courier_setup {
	const struct share_conf *conf;
	struct priv_user user;
	int fd; /* the courier's end of share_pair() */
};

/*
 * Runs in the forked child and never returns. Resolves names, which takes as long as name servers do, and confines
 * itself, then sends SHARE_READY. Messages before that go to standard error, which then closes. After each SHARE_LINK
 * that says it is up it sends what is stored, without being asked.
 *
 * Exits with 0 at end of file on `fd`, or if a message on it is not valid; with 1, after a line on standard error, when
 * it cannot start or confine itself; with COURIER_AGAIN.
 */
_Noreturn void courier_run(const struct courier_setup *setup);

#endif
