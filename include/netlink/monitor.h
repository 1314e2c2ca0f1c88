/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nftables events: changes by other programs that may remove our rules or elements. */
#ifndef KNOCKD_MONITOR_H
#define KNOCKD_MONITOR_H

#include <stdint.h>

enum monitor_kind {
	MONITOR_TABLE_GONE,   /* a table was deleted: `table` */
	MONITOR_TABLE_NEW,    /* a table was made, or its flag dormant changed: `table` */
	MONITOR_RULES_GONE,   /* a chain or rules were deleted: `table` */
	MONITOR_SET_CHANGED,  /* a set was made or deleted: `table`, `set` */
	MONITOR_ELEMENT_GONE, /* an element was deleted, not timed out: `table`, `set`, `key` */
	MONITOR_LOST,         /* events were lost: check everything */
};

struct monitor_event {
	enum monitor_kind kind;
	uint8_t family;
	const char *table;
	const char *set;
	const void *key; /* as in the kernel, like nftset_op.key */
	uint32_t key_len;
};

typedef void monitor_take(void *arg, const struct monitor_event *event);

struct monitor;

/*
 * Subscribes. A filter in the kernel leaves out the changes made by netlink port `own`. Close-on-exec, non-blocking.
 * NULL with errno.
 */
struct monitor *monitor_open(uint32_t own);

/* Leaves out another port from now on. 0, or -1 with errno. */
int monitor_leave_out(struct monitor *monitor, uint32_t own);
void monitor_close(struct monitor *monitor); /* NULL is legal, here and for monitor_fd(), which returns -1 */

int monitor_fd(const struct monitor *monitor);

/* Reads all pending events. An event and the memory it points to are valid during the call of `take`. */
void monitor_read(struct monitor *monitor, monitor_take *take, void *arg);

#endif
