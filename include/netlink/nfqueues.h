/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Capture by NFQUEUE: the kernel holds each packet until it gets a verdict. CAPTURE_WAYS queues, one for each way,
 * share one netlink socket, so that packets come in the order in which they were queued. The parent opens and binds the
 * socket; the engine inherits and reads it. Only the parent may give verdicts.
 *
 * No verdict admits a client. The rules queue at prerouting, before the guard and the admin's chains, which judge
 * accepted packets like all others. So it is safe that a queue accepts packets while it is full or unbound (`bypass`),
 * that an accepted packet needs no mark, and that an engine which an attacker controls may release a packet too early.
 *
 * When the last process that has the socket ends, the kernel drops the queued packets.
 */
#ifndef KNOCKD_NFQUEUES_H
#define KNOCKD_NFQUEUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Opens a socket and binds CAPTURE_WAYS queues from `first` on. Close-on-exec. Returns the descriptor, or -1 with one
 * clause in `err`, which names the queue's holder, the missing privilege or the missing kernel option if that is the
 * reason.
 */
int nfqueues_listen(uint16_t first, char *err, size_t errlen);

/* The netlink port of the queue's holder, usually its process id; 0: none. */
unsigned nfqueues_holder(uint16_t queue);

/* Gives the verdict on the queue's packets up to number `last`, the packet_id in the kernel's messages. */
void nfqueues_verdict(int fd, uint16_t queue, uint32_t last, bool accept);

/* ... and on all packets in the queue, also those that the engine has not read. */
void nfqueues_verdict_all(int fd, uint16_t queue, bool accept);

#endif
