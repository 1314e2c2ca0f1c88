/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The child process that keeps the connection to Redis or Valkey, see wire/share.h. It has no privilege and opens no
 * file; it knows the login of the server and not the group's key.
 */
#ifndef KNOCKD_COURIER_H
#define KNOCKD_COURIER_H

#include "conf/share_conf.h"
#include "lib/log.h"
#include "process/priv.h"

struct courier_setup {
	const struct share_conf *conf;
	const struct log *log; /* replaced by one whose lines go to standard error, which closes when it is confined */
	struct priv_user user;
	int fd; /* the courier's end of share_pair() */
};

/*
 * Runs in the forked child and never returns. Resolves names and confines itself, then sends SHARE_READY. Exits with 0
 * at end of file on `fd`; with 1, after a line on standard error, when it cannot start or confine itself.
 */
_Noreturn void courier_run(const struct courier_setup *setup);

#endif
