/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one-way channel from engine to parent: SOCK_SEQPACKET, each message 1 to IPC_MESSAGE of struct event.
 * Several events in one message cost one system call on either side and wake the parent once.
 */
#ifndef KNOCKD_IPC_H
#define KNOCKD_IPC_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/event.h"

#define IPC_MESSAGE 16 /* most events in one message */
#define IPC_BATCH   64 /* most events that the parent takes at a time */

/* Both ends close-on-exec. [0] is the parent's, [1] the engine's. 0, or -1 with errno. */
int ipc_pair(int fds[2]);

/*
 * Sends `n` <= IPC_MESSAGE events, all or none. A full socket: sleeps with `wait`, otherwise fails with EAGAIN. 0, or
 * -1 with errno; EPIPE: the parent is gone.
 */
int ipc_send(int fd, const struct event *events, size_t n, bool wait);

/*
 * Takes pending messages without waiting, until fewer than IPC_MESSAGE of `max` places are left: with IPC_MESSAGE
 * places it takes one message. Returns the number of events; 0: the engine has closed its end; -1 with errno: EAGAIN,
 * or EPROTO if a message is too long or not a whole number of events.
 */
int ipc_recv(int fd, struct event *events, size_t max);

/* Tells the engine to finish: it reads end of file. Events that it still sends can be received. */
void ipc_finish(int fd);

#endif
