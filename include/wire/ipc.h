/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one-way street from engine to parent: SOCK_SEQPACKET, each message one to IPC_MESSAGE of struct event.
 * Several in one message are one system call on either side and wake the parent once.
 */
#ifndef KNOCKD_IPC_H
#define KNOCKD_IPC_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/event.h"

#define IPC_MESSAGE 16 /* events in one message at most */
#define IPC_BATCH   64 /* ... that the parent takes at a time */

/* Both ends close-on-exec. [0] is the parent's, [1] the engine's. 0, or -1 with errno. */
int ipc_pair(int fds[2]);

/*
 * Sends `n` <= IPC_MESSAGE events, all or none. With `wait` it sleeps until there is room; without, it fails with
 * EAGAIN. 0, or -1 with errno; EPIPE: the parent is gone.
 */
int ipc_send(int fd, const struct event *events, size_t n, bool wait);

/*
 * Takes what is there without waiting, whole messages, until fewer than IPC_MESSAGE of `max` places are left: with
 * IPC_MESSAGE places it takes one message. Returns how many events; 0: the engine has closed its end; -1: errno is
 * EAGAIN, or EPROTO when a message is no whole number of events, or too long.
 */
int ipc_recv(int fd, struct event *events, size_t max);

/* Tells the engine to finish: it reads end of file. What it still sends can be received. */
void ipc_finish(int fd);

#endif
