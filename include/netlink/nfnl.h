/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The nftables side of netlink: a socket, questions with one answer, and transactions (batches) of
 * which every refused message is told apart. Knows nothing of what the messages say.
 *
 * A request is begun with nfnl_request() or nfnl_add(), which return a header; the caller puts
 * attributes behind it with mnl_attr_put or libnftnl, at most NFNL_MESSAGE_MAX bytes in all. The
 * header is valid until the next call.
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

/* Does the error say that the same may succeed at once? The ruleset has changed, or memory was short for a moment. */
bool nfnl_is_passing(int error);

/*
 * Asks one question. `answer` (may be NULL) is called with the object. Returns 0, or -1 with errno:
 * the kernel's own answer (ENOENT, EPERM) or what went wrong with netlink.
 */
struct nlmsghdr *nfnl_request(struct nfnl *nfnl, uint16_t type, uint8_t family);
int nfnl_ask(struct nfnl *nfnl, mnl_cb_t answer, void *arg);

/* The same for many objects: `object` is called with each of them. EINTR: they changed meanwhile. */
int nfnl_dump(struct nfnl *nfnl, mnl_cb_t object, void *arg);

/* The number that changes with every change of the ruleset. -1 with errno on failure. */
int nfnl_generation(struct nfnl *nfnl, uint32_t *generation);

/*
 * begin -> add, once per message -> commit: all of them or none. With a `generation` other than 0
 * the kernel refuses the whole (ERESTART) when the ruleset is not of that generation any more.
 *
 * commit returns 0 when it is done; else nothing was changed, and it returns the number of messages
 * that were refused, each told to `refused` with its index (0 is the first one added) and errno; or
 * -1 with errno when the whole was refused (EPERM, ERESTART) or netlink failed. After ENOBUFS, answers were lost,
 * it may have been done all the same.
 */
typedef void nfnl_refused(void *arg, size_t index, int error);

void nfnl_begin(struct nfnl *nfnl, uint32_t generation);
struct nlmsghdr *nfnl_add(struct nfnl *nfnl, uint16_t type, uint8_t family, uint16_t flags); /* NULL: no memory */
size_t nfnl_size(const struct nfnl *nfnl);                                                   /* bytes so far */
int nfnl_commit(struct nfnl *nfnl, nfnl_refused *refused, void *arg);

#endif
