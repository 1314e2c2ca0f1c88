/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The packets' way in by NFLOG: one group, one netlink socket. The parent opens and binds it; the engine
 * inherits the descriptor and reads.
 */
#ifndef KNOCKD_NFLOG_H
#define KNOCKD_NFLOG_H

#include "engine/capture_read.h"

/*
 * Opens a socket and binds the group: whole headers, queue threshold 1 (each packet at once), sequence
 * numbers. Close-on-exec. Returns the descriptor, or -1 with one clause in `err` that names
 * the program holding the group where that is the reason, and the missing privilege where it is that.
 */
int nflog_listen(uint16_t group, char *err, size_t errlen);

/* The netlink port of who holds the group, mostly its process id; 0 when nobody does. */
unsigned nflog_holder(uint16_t group);

/* Whoever logs to the group, its packets are one stream. */
capture_decode nflog_decode;

#endif
