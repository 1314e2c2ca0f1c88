/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opens and binds the parent's socket for an NFLOG group or for queues, or gives the reason for a failure. */
#ifndef KNOCKD_CAPTURE_SOCKET_H
#define KNOCKD_CAPTURE_SOCKET_H

#include <libmnl/libmnl.h>
#include <stddef.h>
#include <stdint.h>

/* Opens a netlink socket, close-on-exec, with a buffer for a heavy flood. NULL with a clause in `err`. */
struct mnl_socket *capture_socket_open(char *err, size_t errlen);

/*
 * Sends one request with NLM_F_ACK and waits for the answer. Drops the packets that come before it. 0, or -1 with
 * errno.
 */
int capture_socket_request(struct mnl_socket *nl, struct nlmsghdr *nlh);

/*
 * Calls `bind`, again for a while if another socket holds the number: an engine whose parent was killed ends soon. 0,
 * or -1 with errno.
 */
typedef int capture_socket_binder(struct mnl_socket *nl, uint16_t number);
int capture_socket_bind(struct mnl_socket *nl, capture_socket_binder *bind, uint16_t number);

/* The netlink port of the holder of `number` in this list in /proc, usually its process id; 0: none. */
unsigned capture_socket_holder(const char *list, uint16_t number);

/* Writes the reason why capture_socket_bind() failed, by its errno: one clause. */
void capture_socket_explain(const char *list, uint16_t number, char *err, size_t errlen);

/* Returns a descriptor of the socket and closes `nl`. -1 with a clause in `err`. */
int capture_socket_descriptor(struct mnl_socket *nl, char *err, size_t errlen);

#endif
