/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The child process that reads the packets that strangers send, matches them and tells the parent. It has no
 * privilege, opens no file, and gets no input from the parent: for a new configuration the parent forks a new engine.
 */
#ifndef KNOCKD_ENGINE_H
#define KNOCKD_ENGINE_H

#include "conf/conf.h"
#include "lib/log.h"
#include "process/priv.h"
#include "wire/counters.h"

struct engine_setup {
	const struct conf *conf;
	const struct log *log; /* replaced by one whose lines go to standard error, which closes when it is confined */
	struct priv_user user;
	int capture_fd;
	int ipc_fd; /* the engine's end */
	struct counters *counters;
	uint64_t beat_msec; /* the engine's loop makes a round at least this often; 0: only when there is work */
};

/*
 * Runs in the forked child and never returns. Sends EVENT_READY once it is confined and ready to read. Exits with 0 at
 * end of file on ipc_fd (the parent ended, or asks it to), after it has handled every packet that it has read; with
 * errno when the capture socket fails; with 1, after a line on standard error, when it cannot start or confine itself.
 */
_Noreturn void engine_run(const struct engine_setup *setup);

#endif
