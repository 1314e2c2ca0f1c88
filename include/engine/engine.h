/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The child that strangers talk to: reads packets, matches them, tells the parent. It has no privilege,
 * opens no file, and is told nothing after its birth: a new configuration is a new engine.
 */
#ifndef KNOCKD_ENGINE_H
#define KNOCKD_ENGINE_H

#include "conf/conf.h"
#include "lib/log.h"
#include "process/priv.h"
#include "wire/counters.h"

struct engine_setup {
	const struct conf *conf;
	const struct log *log; /* only used until the cage is shut, on standard error */
	struct priv_user user;
	int capture_fd;
	int ipc_fd; /* the engine's end */
	struct counters *counters;
};

/*
 * Runs in the freshly forked child and never returns. Sends EVENT_READY as soon as it is confined and
 * reading. Ends with status 0 when the parent goes away or asks it to (end of file on ipc_fd), after what
 * it has already taken from the kernel is dealt with; with 1 when it cannot confine itself.
 */
_Noreturn void engine_run(const struct engine_setup *setup);

#endif
