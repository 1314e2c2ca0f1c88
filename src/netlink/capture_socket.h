/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parent does alike for an NFLOG group and for queues: a socket that has them, or the reason why not.
 */
#ifndef KNOCKD_CAPTURE_SOCKET_H
#define KNOCKD_CAPTURE_SOCKET_H

#include <libmnl/libmnl.h>
#include <stddef.h>
#include <stdint.h>

/* A netlink socket, close-on-exec, with room for a heavy flood. NULL with a clause in `err`. */
struct mnl_socket *capture_socket_open(char *err, size_t errlen);

/*
 * Sends one request, which asks for an answer (NLM_F_ACK), and waits for it. Packets that come first are
 * dropped: nobody reads yet. 0, or -1 with errno.
 */
int capture_socket_request(struct mnl_socket *nl, struct nlmsghdr *nlh);

/*
 * Calls `bind` until it returns 0, while what it wants is taken by an engine whose parent was killed: that one is
 * on its way out. 0, or -1 with errno.
 */
typedef int capture_socket_binder(struct mnl_socket *nl, uint16_t number);
int capture_socket_bind(struct mnl_socket *nl, capture_socket_binder *bind, uint16_t number);

/* The netlink port of who has `number` by this list in /proc, mostly its process id; 0 when nobody does. */
unsigned capture_socket_holder(const char *list, uint16_t number);

/* Why it was not possible to have `number`, with errno of capture_socket_bind(): one clause. */
void capture_socket_explain(const char *list, uint16_t number, char *err, size_t errlen);

/* The descriptor; closes `nl`. -1 with a clause in `err`. */
int capture_socket_descriptor(struct mnl_socket *nl, char *err, size_t errlen);

#endif
