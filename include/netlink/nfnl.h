/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nftables over netlink: a socket, questions, and transactions (batches) that report every refused message. Independent
 * of the messages' contents.
 *
 * nfnl_request() and nfnl_add() begin a message and return its header, valid until the next call. The caller adds
 * attributes with mnl_attr_put or libnftnl, at most NFNL_MESSAGE_MAX bytes in all.
 */
#ifndef KNOCKD_NFNL_H
#define KNOCKD_NFNL_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NFNL_MESSAGE_MAX 65536 /* a nested attribute's length has 16 bits, <linux/netlink.h> */

struct nfnl;

/* NULL with errno on failure. */
struct nfnl *nfnl_open(void);
void nfnl_close(struct nfnl *nfnl); /* NULL is legal */

/* The netlink port of the socket. */
uint32_t nfnl_port(const struct nfnl *nfnl);

/*
 * Replaces the socket, which then has another port: the kernel ends what the old one owned. 0, or -1 with errno: the
 * old one stays.
 */
int nfnl_renew(struct nfnl *nfnl);

/* May the same succeed at once? The ruleset has changed, or memory was short for a moment. */
bool nfnl_is_passing(int error);

/*
 * Sends the request and calls `answer` (may be NULL) with the object. Returns 0, or -1 with errno: the kernel's answer
 * (ENOENT, EPERM), or a failure of netlink.
 */
struct nlmsghdr *nfnl_request(struct nfnl *nfnl, uint16_t type, uint8_t family);
int nfnl_ask(struct nfnl *nfnl, mnl_cb_t answer, void *arg);

/* The same for many objects: calls `object` with each. EINTR: they changed meanwhile. */
int nfnl_dump(struct nfnl *nfnl, mnl_cb_t object, void *arg);

/* The ruleset's generation, which every change increments. 0, or -1 with errno. */
int nfnl_generation(struct nfnl *nfnl, uint32_t *generation);

/*
 * begin -> add, once per message -> commit: all messages or none. With a `generation` other than 0 the kernel refuses
 * the transaction (ERESTART) if the ruleset is of another generation.
 *
 * commit returns 0 on success. Otherwise nothing was changed: it returns the number of refused messages, after a call
 * of `refused` for each with its index (0: the first one added) and errno; or -1 with errno if the kernel refused the
 * transaction (EPERM, ERESTART) or netlink failed. ENOBUFS: answers were lost, the transaction may have succeeded.
 */
typedef void nfnl_refused(void *arg, size_t index, int error);

void nfnl_begin(struct nfnl *nfnl, uint32_t generation);
struct nlmsghdr *nfnl_add(struct nfnl *nfnl, uint16_t type, uint8_t family, uint16_t flags); /* NULL: no memory */
size_t nfnl_size(const struct nfnl *nfnl);                                                   /* bytes so far */
int nfnl_commit(struct nfnl *nfnl, nfnl_refused *refused, void *arg);

#endif
