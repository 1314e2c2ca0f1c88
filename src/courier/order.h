/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parent sends to a courier that it has executed: one packet on FD_ORDER. Both are of one build. */
#ifndef KNOCKD_COURIER_ORDER_H
#define KNOCKD_COURIER_ORDER_H

#include <stdbool.h>
#include <unistd.h>

#include "conf/share_conf.h"
#include "process/priv.h"

/* The pointers in it are NULL. */
struct order {
	bool check; /* only check the files for TLS: the reason goes to FD_PARENT, the exit status is 0 or 1 */
	struct share_conf conf;
	struct priv_user user;
	int tls[SHARE_TLS_FILES]; /* descriptors, or -1 */
};

/* The courier's descriptors; from FD_TLS on those of files for TLS, without a gap. */
enum { FD_PARENT = STDERR_FILENO + 1, FD_ORDER, FD_PROGRAM, FD_TLS, FDS_MAX = FD_TLS - FD_PARENT + SHARE_TLS_FILES };

#endif
