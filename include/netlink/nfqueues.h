/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The packets' way in by NFQUEUE: the kernel holds each packet until there is a verdict on it. CAPTURE_WAYS queues,
 * one for each way, on one netlink socket, so that their packets come in the order in which they were queued. The
 * parent opens and binds it; the engine inherits the descriptor and reads. Only the parent may give verdicts.
 *
 * No verdict lets anything in. Rules queue at prerouting, before the guard and before the user's own chains,
 * which judge what is accepted here as they judge every other packet. So it does no harm that a queue lets packets
 * go on when it is full or nobody has it (`bypass`), that an accepted packet needs no mark, or that
 * an engine which a stranger has taken over may say too early that a packet is dealt with.
 *
 * When the last process that has the socket ends, the kernel drops what is in the queues.
 */
#ifndef KNOCKD_NFQUEUES_H
#define KNOCKD_NFQUEUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Opens a socket and binds the queues `first` and those that follow. Close-on-exec. Returns the descriptor, or -1
 * with one clause in `err` that names the program holding a queue where that is the reason, and the missing
 * privilege or kernel option where it is that.
 */
int nfqueues_listen(uint16_t first, char *err, size_t errlen);

/* The netlink port of who holds the queue, mostly its process id; 0 when nobody does. */
unsigned nfqueues_holder(uint16_t queue);

/* The verdict on the queue's packets up to this one of the numbers that reader_packet.seq gives them. */
void nfqueues_verdict(int fd, uint16_t queue, uint32_t last, bool accept);

/* ... and on all that it holds, also those that nobody has read. */
void nfqueues_verdict_all(int fd, uint16_t queue, bool accept);

#endif
