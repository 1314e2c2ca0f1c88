/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What others do to the ruleset: the kernel's nftables events, as far as they can take something from us.
 */
#ifndef KNOCKD_MONITOR_H
#define KNOCKD_MONITOR_H

#include <stdint.h>

enum monitor_kind {
	MONITOR_TABLE_GONE,   /* a table was deleted: `table` */
	MONITOR_TABLE_NEW,    /* a table was made, put to sleep or woken: `table` */
	MONITOR_RULES_GONE,   /* a chain or rules were deleted: `table` */
	MONITOR_SET_CHANGED,  /* a set was made or deleted: `table`, `set` */
	MONITOR_ELEMENT_GONE, /* an element was deleted, which its timeout does not do: `table`, `set`, `key` */
	MONITOR_LOST,         /* the kernel had more to say than the socket could hold: look at everything */
};

struct monitor_event {
	enum monitor_kind kind;
	uint8_t family;
	const char *table;
	const char *set;
	const void *key; /* as the kernel has it: what nftset_op.key is */
	uint32_t key_len;
};

typedef void monitor_take(void *arg, const struct monitor_event *event);

struct monitor;

/*
 * Subscribes. Changes that the netlink port `own` makes are left out by a filter in the kernel: they cost
 * nothing here. Close-on-exec, non-blocking. NULL with errno.
 */
struct monitor *monitor_open(uint32_t own);
void monitor_close(struct monitor *monitor); /* NULL is legal, here and for monitor_fd(), which says -1 */

int monitor_fd(const struct monitor *monitor);

/* Takes what is there. An event and what it points to are valid during the call. */
void monitor_read(struct monitor *monitor, monitor_take *take, void *arg);

#endif
