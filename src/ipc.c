/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ipc.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* Room for some thousand events, so that the engine does not wait while the parent writes its log. */
#define IPC_SNDBUF (2 << 20)

int
ipc_pair(int fds[2])
{
	int size = IPC_SNDBUF;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return -1;
	/* best effort: without the privilege the system's limit applies, and the engine waits a little earlier */
	if (setsockopt(fds[1], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)))
		setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	return 0;
}

int
ipc_send(int fd, const struct event *event, bool wait)
{
	ssize_t sent;

	do {
		sent = send(fd, event, sizeof(*event), MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT));
	} while (sent < 0 && errno == EINTR);
	return sent < 0 ? -1 : 0;
}

int
ipc_recv(int fd, struct event *events, size_t max)
{
	struct mmsghdr msgs[IPC_BATCH];
	struct iovec iov[IPC_BATCH];
	int n;

	memset(msgs, 0, sizeof(msgs));
	for (size_t i = 0; i < max && i < IPC_BATCH; i++) {
		iov[i] = (struct iovec){ &events[i], sizeof(events[i]) };
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	n = recvmmsg(fd, msgs, max < IPC_BATCH ? (unsigned)max : IPC_BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++) {
		if (!msgs[i].msg_len)
			return i; /* end of file stands last; what came before it counts */
		if (msgs[i].msg_len != sizeof(struct event) || msgs[i].msg_hdr.msg_flags & MSG_TRUNC) {
			errno = EPROTO;
			return -1;
		}
	}
	return n;
}

void
ipc_finish(int fd)
{
	shutdown(fd, SHUT_WR);
}
