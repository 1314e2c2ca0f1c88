/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon, as the answers to knockctl see it. */
#ifndef KNOCKD_VIEW_H
#define KNOCKD_VIEW_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "access/access.h"
#include "conf/conf.h"
#include "wire/counters.h"

/* May other programs change table inet knockd? */
enum view_table {
	VIEW_TABLE_NONE,        /* the daemon has none */
	VIEW_TABLE_OWNED,       /* no */
	VIEW_TABLE_SHARED,      /* yes */
	VIEW_TABLE_UNSUPPORTED, /* yes, because the kernel cannot keep an owned table without its owner */
};

struct admin_view {
	const char *config; /* the file's path */
	const struct conf *conf;
	const struct access_tools *tools;
	pid_t engine_pid; /* 0: no engine */
	pid_t keeper_pid; /* 0: none */
	enum view_table table;
	struct counters counters; /* of this engine and earlier ones */
	uid_t engine_uid;
	uint64_t engine_restarts;
	int64_t started_ms; /* boot clock */
};

struct admin_daemon {
	void *arg;
	void (*look)(void *arg, struct admin_view *view);
	/* Reloads as SIGHUP does. True: the new configuration is in force; false: the log says why not. */
	bool (*reload)(void *arg);
	/* Reads the configuration without using it. True: it has no errors. */
	bool (*check)(void *arg, conf_report *report, void *to);
	/* Removes the guard until the next reload or start. 0, or -1 with errno. */
	int (*unguard)(void *arg);
};

#endif
