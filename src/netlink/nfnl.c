/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netlink/nfnl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libnftnl/common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define ROOM_FIRST    (2 * NFNL_MESSAGE_MAX)
#define ANSWER_MAX    32768     /* the most that the kernel sends at once, in a dump */
#define RECEIVE_ROOM  (4 << 20) /* one answer per refused message, thousands at a time */
#define SEND_SLACK    65536     /* for the kernel's own overhead */
#define TRIES         8
#define QUESTION      0x80000000u /* in sequence numbers: nftset asks questions while a batch grows */
#define BATCH_SEQ_MAX 0x70000000u /* below QUESTION, with room for the longest batch */

struct nfnl {
	struct mnl_socket *socket;
	uint32_t asked;      /* sequence number of the last question */
	uint32_t first, seq; /* ... of the batch's BEGIN and of its last message */
	char *batch;
	size_t room, used;     /* `used` does not count the message at `last` */
	struct nlmsghdr *last; /* still growing; NULL: none */
	size_t send_room;
	char request[NFNL_MESSAGE_MAX];
	char answer[ANSWER_MAX];
};

static int
set_option(int fd, int forced, int plain, int size)
{
	/* forcing needs CAP_NET_ADMIN in the initial user namespace; without it the system's limit applies */
	if (!setsockopt(fd, SOL_SOCKET, forced, &size, sizeof(size)))
		return 0;
	return setsockopt(fd, SOL_SOCKET, plain, &size, sizeof(size));
}

static int
configure(struct mnl_socket *socket, size_t *send_room)
{
	int fd = mnl_socket_get_fd(socket), on = 1, room = 0;
	socklen_t len = sizeof(room);

	if (getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, &len))
		return -1;
	*send_room = (size_t)room;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) || set_option(fd, SO_RCVBUFFORCE, SO_RCVBUF, RECEIVE_ROOM))
		return -1;
	/* error answers then repeat only the header of the refused message (Linux 4.3) */
	return mnl_socket_setsockopt(socket, NETLINK_CAP_ACK, &on, sizeof(on));
}

/* NULL with errno. */
static struct mnl_socket *
open_socket(size_t *send_room)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	int saved;

	if (!socket || !configure(socket, send_room))
		return socket;
	saved = errno;
	mnl_socket_close(socket);
	errno = saved;
	return NULL;
}

struct nfnl *
nfnl_open(void)
{
	struct nfnl *nfnl = calloc(1, sizeof(*nfnl));
	int saved;

	if (!nfnl)
		return NULL;
	nfnl->room = ROOM_FIRST;
	nfnl->batch = calloc(1, nfnl->room);
	nfnl->socket = open_socket(&nfnl->send_room);
	if (nfnl->batch && nfnl->socket)
		return nfnl;
	saved = errno;
	nfnl_close(nfnl);
	errno = saved;
	return NULL;
}

uint32_t
nfnl_port(const struct nfnl *nfnl)
{
	return mnl_socket_get_portid(nfnl->socket);
}

int
nfnl_renew(struct nfnl *nfnl)
{
	size_t send_room;
	struct mnl_socket *socket = open_socket(&send_room);

	if (!socket)
		return -1;
	mnl_socket_close(nfnl->socket);
	nfnl->socket = socket;
	nfnl->send_room = send_room;
	return 0;
}

void
nfnl_close(struct nfnl *nfnl)
{
	if (!nfnl)
		return;
	if (nfnl->socket)
		mnl_socket_close(nfnl->socket);
	free(nfnl->batch);
	free(nfnl);
}

static ssize_t
send_all(struct nfnl *nfnl, const void *data, size_t len)
{
	ssize_t sent;

	do
		sent = mnl_socket_sendto(nfnl->socket, data, len);
	while (sent < 0 && errno == EINTR);
	return sent;
}

/* The kernel answers before sendto() returns, so do not wait. */
static ssize_t
receive(struct nfnl *nfnl)
{
	struct sockaddr_nl from;
	struct iovec iov = { .iov_base = nfnl->answer, .iov_len = sizeof(nfnl->answer) };
	struct msghdr msg = { .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t len;

	do
		len = recvmsg(mnl_socket_get_fd(nfnl->socket), &msg, MSG_DONTWAIT);
	while (len < 0 && errno == EINTR);
	if (len < 0)
		return -1;
	if (msg.msg_flags & MSG_TRUNC || from.nl_pid != 0) {
		errno = EPROTO;
		return -1;
	}
	return len;
}

bool
nfnl_is_passing(int error)
{
	return error == EINTR || error == EAGAIN || error == EBUSY || error == ERESTART || error == ENOBUFS ||
	       error == ENOMEM;
}

/* --- questions ----------------------------------------------------------------------------------- */

struct nlmsghdr *
nfnl_request(struct nfnl *nfnl, uint16_t type, uint8_t family)
{
	return nftnl_nlmsg_build_hdr(nfnl->request, type, family, 0, nfnl->asked = (nfnl->asked + 1) | QUESTION);
}

/* Skips late answers to earlier questions. */
static int
hear(struct nfnl *nfnl, mnl_cb_t answer, void *arg)
{
	uint32_t seq = nfnl->asked, port = mnl_socket_get_portid(nfnl->socket);
	ssize_t len;

	for (;;) {
		len = receive(nfnl);
		if (len < 0) {
			if (errno == EAGAIN)
				errno = EPROTO;
			return -1;
		}
		if (((struct nlmsghdr *)(void *)nfnl->answer)->nlmsg_seq == seq)
			return mnl_cb_run(nfnl->answer, (size_t)len, seq, port, answer, arg) < 0 ? -1 : 0;
	}
}

int
nfnl_ask(struct nfnl *nfnl, mnl_cb_t answer, void *arg)
{
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)(const void *)nfnl->request;
	int rc = -1;

	for (int i = 0; i < TRIES; i++) {
		rc = send_all(nfnl, nlh, nlh->nlmsg_len) < 0 ? -1 : hear(nfnl, answer, arg);
		if (!rc || !nfnl_is_passing(errno))
			break;
	}
	return rc;
}

static bool
is_last(const struct nfnl *nfnl, ssize_t received)
{
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)(const void *)nfnl->answer;
	int len = (int)received;

	for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len))
		if (nlh->nlmsg_type == NLMSG_DONE || nlh->nlmsg_type == NLMSG_ERROR)
			return true;
	return false;
}

/*
 * The kernel makes the rest of a dump while we read it, so here, too, do not wait. Read to the end even after an error:
 * until then the kernel answers EBUSY to every other dump.
 */
int
nfnl_dump(struct nfnl *nfnl, mnl_cb_t object, void *arg)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)(void *)nfnl->request;
	int error = 0;
	ssize_t len;

	nlh->nlmsg_flags |= NLM_F_DUMP;
	if (send_all(nfnl, nlh, nlh->nlmsg_len) < 0)
		return -1;
	do {
		do {
			len = receive(nfnl);
			if (len < 0 && errno == EAGAIN)
				errno = EPROTO;
			if (len < 0)
				return -1;
		} while (((struct nlmsghdr *)(void *)nfnl->answer)->nlmsg_seq != nfnl->asked);
		errno = 0;
		if (!error && mnl_cb_run(nfnl->answer, (size_t)len, nfnl->asked, mnl_socket_get_portid(nfnl->socket),
					 object, arg) < 0)
			error = errno ? errno : EPROTO;
	} while (!is_last(nfnl, len));
	errno = error;
	return error ? -1 : 0;
}

static int
read_generation(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *attr;
	uint32_t *generation = arg;

	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg))
	{
		if (mnl_attr_get_type(attr) == NFTA_GEN_ID && !mnl_attr_validate(attr, MNL_TYPE_U32))
			*generation = ntohl(mnl_attr_get_u32(attr));
	}
	return MNL_CB_OK;
}

int
nfnl_generation(struct nfnl *nfnl, uint32_t *generation)
{
	*generation = 0;
	nfnl_request(nfnl, NFT_MSG_GETGEN, AF_UNSPEC);
	return nfnl_ask(nfnl, read_generation, generation);
}

/* --- transactions -------------------------------------------------------------------------------- */

static void
settle(struct nfnl *nfnl)
{
	if (nfnl->last)
		nfnl->used += NLMSG_ALIGN(nfnl->last->nlmsg_len);
	nfnl->last = NULL;
}

void
nfnl_begin(struct nfnl *nfnl, uint32_t generation)
{
	nfnl->used = 0;
	if (nfnl->seq > BATCH_SEQ_MAX)
		nfnl->seq = 0;
	nfnl->first = ++nfnl->seq;
	nfnl->last = nftnl_batch_begin(nfnl->batch, nfnl->first);
	if (generation)
		mnl_attr_put_u32(nfnl->last, NFNL_BATCH_GENID, htonl(generation));
}

/* Zeroed: libmnl skips the bytes between two attributes, which the kernel receives, too. */
static int
make_room(struct nfnl *nfnl, size_t more)
{
	char *grown;

	if (nfnl->room - nfnl->used >= more)
		return 0;
	grown = realloc(nfnl->batch, 2 * nfnl->room + more);
	if (!grown)
		return -1;
	memset(grown + nfnl->room, 0, nfnl->room + more);
	nfnl->batch = grown;
	nfnl->room = 2 * nfnl->room + more;
	return 0;
}

struct nlmsghdr *
nfnl_add(struct nfnl *nfnl, uint16_t type, uint8_t family, uint16_t flags)
{
	settle(nfnl);
	if (make_room(nfnl, 2 * NFNL_MESSAGE_MAX))
		return NULL;
	nfnl->last = nftnl_nlmsg_build_hdr(nfnl->batch + nfnl->used, type, family, flags, ++nfnl->seq);
	return nfnl->last;
}

size_t
nfnl_size(const struct nfnl *nfnl)
{
	return nfnl->used + (nfnl->last ? NLMSG_ALIGN(nfnl->last->nlmsg_len) : 0);
}

/* The default send buffer holds a few hundred elements, but a batch must be sent in one piece. */
static void
fit_send_buffer(struct nfnl *nfnl)
{
	if (nfnl->used + SEND_SLACK <= nfnl->send_room)
		return;
	nfnl->send_room = nfnl->used + SEND_SLACK;
	set_option(mnl_socket_get_fd(nfnl->socket), SO_SNDBUFFORCE, SO_SNDBUF, (int)nfnl->send_room);
}

/* The answers to the batch so far. */
struct outcome {
	uint32_t last; /* sequence number of its last message */
	int whole;     /* errno for the whole batch, 0: none */
	int refused;   /* number of refused messages */
	bool complete; /* the last message was answered */
	bool lost;     /* answers were lost (ENOBUFS) */
};

/*
 * ERESTART always is about the whole batch: when the kernel has loaded a module for a message, it begins again, and
 * names that message if another program has changed the ruleset meanwhile.
 */
static void
take_answer(struct nfnl *nfnl, struct outcome *outcome, const struct nlmsghdr *nlh, nfnl_refused *refused, void *arg)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);
	uint32_t index = nlh->nlmsg_seq - nfnl->first;

	if (nlh->nlmsg_type != NLMSG_ERROR || mnl_nlmsg_get_payload_len(nlh) < sizeof(err->error) ||
	    nlh->nlmsg_pid != mnl_socket_get_portid(nfnl->socket) || index > outcome->last - nfnl->first)
		return; /* an answer to something else */
	if (!index || err->error == -ERESTART) {
		outcome->whole = -err->error;
	} else if (err->error) {
		outcome->refused++;
		refused(arg, index - 1, -err->error);
	}
	outcome->complete |= nlh->nlmsg_seq == outcome->last;
}

/* After ENOBUFS some of very many errors are lost; the caller can go on with the others. */
static int
collect(struct nfnl *nfnl, struct outcome *outcome, nfnl_refused *refused, void *arg)
{
	const struct nlmsghdr *nlh;
	ssize_t received;
	int len;

	while (!outcome->complete) {
		received = receive(nfnl);
		if (received < 0 && errno == ENOBUFS) {
			outcome->lost = true;
			continue;
		}
		if (received < 0)
			return errno == EAGAIN ? 0 : -1;
		nlh = (const struct nlmsghdr *)(const void *)nfnl->answer;
		for (len = (int)received; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len))
			take_answer(nfnl, outcome, nlh, refused, arg);
	}
	return 0;
}

static int
finish(struct nfnl *nfnl, struct outcome *outcome)
{
	settle(nfnl);
	if (make_room(nfnl, NFNL_MESSAGE_MAX))
		return -1;
	outcome->last = nfnl->seq;
	nfnl->last = nftnl_batch_end(nfnl->batch + nfnl->used, ++nfnl->seq);
	settle(nfnl);
	fit_send_buffer(nfnl);
	return 0;
}

int
nfnl_commit(struct nfnl *nfnl, nfnl_refused *refused, void *arg)
{
	struct outcome outcome = { .whole = 0 };

	if (nfnl->seq == nfnl->first)
		return 0;
	nfnl->last->nlmsg_flags |= NLM_F_ACK; /* of the others the kernel answers errors only */
	if (finish(nfnl, &outcome) || send_all(nfnl, nfnl->batch, nfnl->used) < 0 ||
	    collect(nfnl, &outcome, refused, arg))
		return -1;
	if (outcome.whole || (!outcome.refused && (!outcome.complete || outcome.lost))) {
		errno = outcome.whole ? outcome.whole : outcome.lost ? ENOBUFS : EPROTO;
		return -1;
	}
	return outcome.refused;
}
