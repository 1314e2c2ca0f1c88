/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one-way street from engine to parent: SOCK_SEQPACKET, each message exactly one struct event.
 */
#ifndef KNOCKD_IPC_H
#define KNOCKD_IPC_H

#include <stdbool.h>
#include <stddef.h>

#include "event.h"

#define IPC_BATCH 64 /* events that one ipc_recv() takes at most */

/* Both ends close-on-exec. [0] is the parent's, [1] the engine's. 0, or -1 with errno. */
int ipc_pair(int fds[2]);

/*
 * Sends one event. With `wait` it sleeps until there is room; without, it fails with EAGAIN. 0, or -1
 * with errno; EPIPE: the parent is gone.
 */
int ipc_send(int fd, const struct event *event, bool wait);

/*
 * Takes what is there, at most `max` <= IPC_BATCH events, without waiting. Returns how many; 0: the engine has
 * closed its end; -1: errno is EAGAIN, or EPROTO when a message is not one event long.
 */
int ipc_recv(int fd, struct event *events, size_t max);

/* Tells the engine to finish: it reads end of file. What it still sends can be received. */
void ipc_finish(int fd);

#endif
