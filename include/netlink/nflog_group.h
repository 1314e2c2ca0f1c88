/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The NFLOG group that the rules log to. The parent opens and binds its socket; the engine inherits and reads it. */
#ifndef KNOCKD_NFLOG_GROUP_H
#define KNOCKD_NFLOG_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Opens a socket and binds the group: CAPTURE_SNAPLEN bytes, queue threshold 1 (each packet at once), sequence numbers.
 * Close-on-exec. Returns the descriptor, or -1 with one clause in `err`, which names the group's holder or the missing
 * privilege if that is the reason.
 */
int nflog_group_listen(uint16_t group, char *err, size_t errlen);

/*
 * With `gather` packets of a rule whose queue threshold is not 1 may wait for others, at most until the kernel's second
 * tick, and share a message with them. Without it, or if the kernel refuses, each packet comes at once.
 */
void nflog_group_gather(int fd, uint16_t group, bool gather);

/* The netlink port of the group's holder, usually its process id; 0: none. */
unsigned nflog_group_holder(uint16_t group);

#endif
