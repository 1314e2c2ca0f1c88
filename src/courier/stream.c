/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int
fail(struct stream *s, const char *what, const char *why)
{
	snprintf(s->why, sizeof(s->why), "%s%s", what, why);
	return -1;
}

/* Returns a socket, or -1 with errno. */
static int
dial(const struct place *place, bool *connecting)
{
	int fd = socket(place->addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1, error;

	if (fd < 0)
		return -1;
	if (place->addr.ss_family != AF_UNIX)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	*connecting = false;
	if (!connect(fd, (const struct sockaddr *)&place->addr, place->len))
		return fd;
	*connecting = errno == EINPROGRESS;
	if (*connecting)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

int
stream_open(struct stream *s, const struct place *place)
{
	s->fd = dial(place, &s->connecting);
	if (s->fd >= 0)
		return 0;
	snprintf(s->why, sizeof(s->why), "%.50s: %.60s", place->text, strerror(errno));
	return -1;
}

void
stream_close(struct stream *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	s->connecting = false;
}

short
stream_events(const struct stream *s, bool output)
{
	if (s->connecting)
		return POLLOUT;
	return output ? POLLIN | POLLOUT : POLLIN;
}

int
stream_proceed(struct stream *s)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &len) || error)
		return fail(s, "cannot connect: ", strerror(error ? error : errno));
	s->connecting = false;
	return 0;
}

static ssize_t
not_now(struct stream *s)
{
	return errno == EAGAIN || errno == EINTR ? 0 : fail(s, "", strerror(errno));
}

ssize_t
stream_read(struct stream *s, char *bytes, size_t len)
{
	ssize_t n = recv(s->fd, bytes, len, 0);

	if (!n)
		return fail(s, "the server has closed the connection", "");
	return n < 0 ? not_now(s) : n;
}

ssize_t
stream_write(struct stream *s, const char *bytes, size_t len)
{
	ssize_t n = send(s->fd, bytes, len, MSG_NOSIGNAL);

	return n < 0 ? not_now(s) : n;
}
