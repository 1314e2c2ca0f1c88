/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The child process that keeps the connection to Redis or Valkey, see wire/share.h. It has no privilege and opens no
 * file; it knows the login of the server, and not the group's key or the rest of the configuration.
 */
#ifndef KNOCKD_COURIER_H
#define KNOCKD_COURIER_H

#include "conf/share_conf.h"
#include "process/priv.h"
#include "wire/share.h"

/* Exit status: names have to be resolved again, as no server was reached for some time. To be started again soon. */
#define COURIER_AGAIN 3

struct courier_setup {
	const struct share_conf *conf;
	struct priv_user user;
	int fd;                   /* the courier's end of share_pair() */
	int tls[SHARE_TLS_FILES]; /* the files for TLS, open; -1: none */
};

/*
 * The courier's program, to be opened at the start, while /proc can be read and before an update replaces the file:
 * beside the daemon's own, as in a build directory, or where it is installed. -1 with errno.
 */
int courier_open(void);

/*
 * Can these files be used for TLS? 0, or -1 with the reason, which names the key of the configuration. Leaves nothing
 * of them in memory, as OpenSSL would with copies of the secret key: the program from courier_open() does it.
 */
int courier_check_tls(int program, const int fds[static SHARE_TLS_FILES], char why[static SHARE_REASON]);

/*
 * In a forked child: replaces it by the courier, which thus has nothing of the parent's memory but this setup. Ends
 * with 1, after a line on standard error, if it cannot.
 */
_Noreturn void courier_exec(int program, const struct courier_setup *setup);

/*
 * Never returns. Resolves names, which takes as long as name servers do, and confines itself, then sends SHARE_READY.
 * Messages before that go to standard error, which then closes. After each SHARE_LINK that says it is up it sends what
 * is stored, without being asked.
 *
 * Exits with 0 at end of file on `fd`, or if a message on it is not valid; with 1, after a line on standard error, when
 * it cannot start or confine itself; with COURIER_AGAIN.
 */
_Noreturn void courier_run(const struct courier_setup *setup);

#endif
