/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions to the kernel's routing (NETLINK_ROUTE). None needs a privilege. */
#ifndef KNOCKD_RTNL_H
#define KNOCKD_RTNL_H

#include <libmnl/libmnl.h>
#include <stdint.h>

#define RTNL_SIZE 32768 /* the largest part of a dump: netlink_dump() in net/netlink/af_netlink.c */

/* NULL with errno. For mnl_socket_close(). */
struct mnl_socket *rtnl_open(void);

/* Hands every object of this type, of all address families, to `take`; `header`: length of the family's header. */
int rtnl_dump(struct mnl_socket *socket, uint16_t type, size_t header, mnl_cb_t take, void *arg);

/* Sends the request in `nlh`, which has room for RTNL_SIZE bytes, and hands the answer to `take`. */
int rtnl_ask(struct mnl_socket *socket, struct nlmsghdr *nlh, mnl_cb_t take, void *arg);

#endif
