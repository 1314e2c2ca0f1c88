/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's current state, for the answers to knockctl. */
#ifndef KNOCKD_VIEW_H
#define KNOCKD_VIEW_H

#include <stdint.h>
#include <sys/types.h>

#include "access/access.h"
#include "conf/conf.h"
#include "wire/counters.h"

struct admin_view {
	const char *config; /* the file's path */
	const struct conf *conf;
	const struct access_tools *tools;
	pid_t engine_pid;         /* 0: no engine */
	pid_t keeper_pid;         /* 0: none */
	struct counters counters; /* of this engine and earlier ones */
	uid_t engine_uid;
	uint64_t engine_restarts;
	int64_t started_ms; /* boot clock */
};

#endif
