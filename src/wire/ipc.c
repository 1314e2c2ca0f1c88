/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/ipc.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Room for some thousand events, so that the engine does not block while the parent writes its log. */
#define IPC_SNDBUF (2 << 20)

int
ipc_pair(int fds[2])
{
	int size = IPC_SNDBUF;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return -1;
	/* best effort: without the privilege the system's limit applies, and the engine blocks a little earlier */
	if (setsockopt(fds[1], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)))
		setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	return 0;
}

/* By syscall(2): send(3) may use a system call that the engine's filter forbids, see process/cage.h. */
int
ipc_send(int fd, const struct event *events, size_t n, bool wait)
{
	long sent;

	do {
		sent = syscall(SYS_sendto, fd, events, n * sizeof(*events), MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT),
			       NULL, 0);
	} while (sent < 0 && errno == EINTR);
	return sent < 0 ? -1 : 0;
}

/* Receives one message; returns as ipc_recv() does. */
static int
receive(int fd, struct event events[static IPC_MESSAGE])
{
	/* MSG_TRUNC: return the full length of a message that is too long */
	ssize_t len = recv(fd, events, IPC_MESSAGE * sizeof(*events), MSG_DONTWAIT | MSG_TRUNC);

	if (len < 0)
		return -1;
	if ((size_t)len % sizeof(*events) || (size_t)len > IPC_MESSAGE * sizeof(*events)) {
		errno = EPROTO;
		return -1;
	}
	return (int)((size_t)len / sizeof(*events));
}

/* Events before end of file count; a malformed message discards those taken before it in this call. */
int
ipc_recv(int fd, struct event *events, size_t max)
{
	size_t n = 0;
	int more;

	while (n + IPC_MESSAGE <= max) {
		more = receive(fd, events + n);
		if (more <= 0)
			return n && (more == 0 || errno == EAGAIN) ? (int)n : more;
		n += (size_t)more;
	}
	return (int)n;
}

void
ipc_finish(int fd)
{
	shutdown(fd, SHUT_WR);
}
