/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The journal's state. journal.c appends to the file and has the thread, renew.c writes the file anew. */
#ifndef KNOCKD_JOURNAL_STATE_H
#define KNOCKD_JOURNAL_STATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "live.h"
#include "record.h"

#define STATE_FILE "journal"
#define STATE_BAD  "journal.bad"

struct journal {
	int dir_fd; /* holds the lock, as the file is replaced, and may not exist on a read-only disk */
	int event_fd;
	char *path;
	uid_t owner;        /* who may change it beside root */
	char distrust[512]; /* why it is not opened, or "" */
	char boot[MOMENT_BOOT_LEN];
	void (*warn)(void *arg, const char *text); /* journal_warn */
	void *arg;
	pthread_t thread;
	bool started;  /* the thread runs */
	bool holding;  /* not used by the thread */
	bool complete; /* likewise; see journal_is_complete() */

	pthread_mutex_t lock; /* of all below; never held during a sync */
	pthread_cond_t wake;
	int fd; /* -1 until the first rewrite */
	size_t size;
	struct live_table live;
	int64_t clocks_apart;    /* wall minus boot clock at the last rewrite */
	struct record_buf lines; /* to be appended; empty unless held */
	uint64_t lines_from;     /* accesses from this id on may begin in `lines` */
	struct record_buf since; /* lines appended during a rewrite */
	bool rewriting, since_lost;
	bool dirty, closing;
	bool stale;     /* the file lacks lines: no appending until the rewrite */
	uint64_t lacks; /* it may lack accesses from this id on */
	bool bad;       /* keep the file as STATE_BAD before replacing it */
	int error;      /* errno of the lasting failure, or 0 */
	bool told;      /* the caller was warned of it */
	int64_t told_ms;
};

#endif
