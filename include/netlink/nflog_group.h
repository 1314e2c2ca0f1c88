/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The NFLOG group that the rules log to: the parent opens and binds a socket, the engine inherits and reads it. */
#ifndef KNOCKD_NFLOG_GROUP_H
#define KNOCKD_NFLOG_GROUP_H

#include <stddef.h>
#include <stdint.h>

/*
 * Opens a socket and binds the group: whole headers, queue threshold 1 (each packet at once), sequence
 * numbers. Close-on-exec. Returns the descriptor, or -1 with one clause in `err` that names
 * the program holding the group where that is the reason, and the missing privilege where it is that.
 */
int nflog_group_listen(uint16_t group, char *err, size_t errlen);

/* The netlink port of who holds the group, mostly its process id; 0 when nobody does. */
unsigned nflog_group_holder(uint16_t group);

#endif
