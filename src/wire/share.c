/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/share.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Room for a burst of some thousand records while the other process is at work. */
#define SHARE_SNDBUF (4 << 20)

static bool
is_zero(const void *at, size_t n)
{
	const uint8_t *bytes = at;

	for (size_t i = 0; i < n; i++)
		if (bytes[i])
			return false;
	return true;
}

/* Fields that only a PUT has. */
static bool
puts_nothing(const struct share_message *m)
{
	return !m->flags && !m->hlc && !m->left_ms && !m->counter && is_zero(m->user, sizeof(m->user)) &&
	       is_zero(m->once, sizeof(m->once));
}

static bool
tells_no_link(const struct share_message *m)
{
	return !m->link && !m->missed && is_zero(m->reason, sizeof(m->reason));
}

static bool
has_no_record(const struct share_message *m)
{
	return is_zero(m->id, sizeof(m->id)) && is_zero(m->sealed, sizeof(m->sealed));
}

static bool
is_put(const struct share_message *m)
{
	bool stores = m->flags & SHARE_STORE, counts = m->flags & SHARE_COUNTER, once = m->flags & SHARE_ONCE,
	     renews = m->flags & SHARE_RENEW;

	return !(m->flags & ~SHARE_FLAGS) && !m->answer && tells_no_link(m) && m->left_ms <= SHARE_LEFT_MAX &&
	       stores == (m->hlc != 0) && (stores || (!m->left_ms && !renews)) && counts == (m->counter != 0) &&
	       (counts || is_zero(m->user, sizeof(m->user))) && (once || is_zero(m->once, sizeof(m->once)));
}

static bool
is_printable(const char *text, size_t size)
{
	size_t len = strnlen(text, size);

	for (size_t i = 0; i < len; i++)
		if (text[i] < 0x20 || text[i] > 0x7e)
			return false;
	return len < size && is_zero(text + len, size - len);
}

static bool
is_link(const struct share_message *m)
{
	return (m->link == SHARE_DOWN || m->link == SHARE_UP) && is_printable(m->reason, sizeof(m->reason)) &&
	       !m->answer && !m->ticket && puts_nothing(m) && has_no_record(m);
}

static bool
is_answer(const struct share_message *m)
{
	return m->answer >= SHARE_YES && m->answer <= SHARE_UNKNOWN && m->ticket && puts_nothing(m) &&
	       tells_no_link(m) && has_no_record(m);
}

static bool
is_record(const struct share_message *m)
{
	struct share_message rest = *m;

	rest.left_ms = 0;
	return m->left_ms <= SHARE_LEFT_MAX && !m->answer && !m->ticket && puts_nothing(&rest) && tells_no_link(m);
}

static bool
is_bare(const struct share_message *m)
{
	return !m->answer && !m->ticket && puts_nothing(m) && tells_no_link(m);
}

bool
share_valid(const struct share_message *m, enum share_from from)
{
	bool from_parent = from == SHARE_FROM_PARENT;

	switch ((enum share_kind)m->kind) {
	case SHARE_PUT:
		return from_parent && is_put(m);
	case SHARE_RESYNC:
		return from_parent && is_bare(m) && has_no_record(m);
	case SHARE_READY:
	case SHARE_SYNC_BEGIN:
	case SHARE_SYNC_END:
		return !from_parent && is_bare(m) && has_no_record(m);
	case SHARE_LINK:
		return !from_parent && is_link(m);
	case SHARE_RECORD:
		return !from_parent && is_record(m);
	case SHARE_ANSWER:
		return !from_parent && is_answer(m);
	}
	return false;
}

int
share_pair(int fds[2])
{
	int size = SHARE_SNDBUF;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return -1;
	for (int i = 0; i < 2; i++)
		/* best effort: without the privilege the system's limit applies, and more is read again */
		if (setsockopt(fds[i], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)))
			setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	return 0;
}

/* By syscall(2), as in ipc.c: the courier's filter knows sendto(2) and recvfrom(2) alone. */
int
share_send(int fd, const struct share_message *messages, size_t n)
{
	long sent;

	do {
		sent = syscall(SYS_sendto, fd, messages, n * sizeof(*messages), MSG_NOSIGNAL | MSG_DONTWAIT, NULL, 0);
	} while (sent < 0 && errno == EINTR);
	return sent < 0 ? -1 : 0;
}

/* Receives one packet; returns as share_recv() does. */
static int
receive(int fd, struct share_message messages[static SHARE_BATCH])
{
	/* MSG_TRUNC: return the full length of a packet that is too long */
	long len =
	    syscall(SYS_recvfrom, fd, messages, SHARE_BATCH * sizeof(*messages), MSG_DONTWAIT | MSG_TRUNC, NULL, NULL);

	if (len < 0)
		return -1;
	if ((size_t)len % sizeof(*messages) || (size_t)len > SHARE_BATCH * sizeof(*messages)) {
		errno = EPROTO;
		return -1;
	}
	return (int)((size_t)len / sizeof(*messages));
}

/* Messages before end of file count; a malformed packet discards those taken before it in this call. */
int
share_recv(int fd, struct share_message *messages, size_t max)
{
	size_t n = 0;
	int more;

	while (n + SHARE_BATCH <= max) {
		more = receive(fd, messages + n);
		if (more <= 0)
			return n && (more == 0 || errno == EAGAIN) ? (int)n : more;
		n += (size_t)more;
	}
	return (int)n;
}
