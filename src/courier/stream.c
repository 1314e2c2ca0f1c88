/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tls.h"

static int
fail(struct stream *s, const char *what, const char *why)
{
	snprintf(s->why, sizeof(s->why), "%s%s", what, why);
	return -1;
}

/* ---- by syscall(2): libc may use socketcall(2), which the courier's filter forbids, see process/cage.h -------------
 */

static int
make_socket(int family)
{
	return (int)syscall(SYS_socket, family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static int
begin_connecting(int fd, const struct place *place)
{
	return (int)syscall(SYS_connect, fd, &place->addr, place->len);
}

/* 0, or the error that connecting has ended with. */
static int
error_of(int fd)
{
	int error = 0;
	socklen_t len = sizeof(error);

	return syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_ERROR, &error, &len) ? errno : error;
}

static void
send_at_once(int fd)
{
	const int on = 1;

	syscall(SYS_setsockopt, fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static ssize_t
receive(int fd, char *bytes, size_t len)
{
	return syscall(SYS_recvfrom, fd, bytes, len, 0, NULL, NULL);
}

static ssize_t
transmit(int fd, const char *bytes, size_t len)
{
	return syscall(SYS_sendto, fd, bytes, len, MSG_NOSIGNAL, NULL, 0);
}

/* ---- open and close ------------------------------------------------------------------------------ */

/* Returns a socket, or -1 with errno. */
static int
dial(const struct place *place, bool *connecting)
{
	int fd = make_socket(place->addr.ss_family), error;

	if (fd < 0)
		return -1;
	if (place->addr.ss_family != AF_UNIX)
		send_at_once(fd);
	*connecting = false;
	if (!begin_connecting(fd, place))
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
	s->host = place->host;
	s->fd = dial(place, &s->connecting);
	if (s->tls)
		s->connecting = true;
	if (s->fd >= 0)
		return 0;
	snprintf(s->why, sizeof(s->why), "%.50s: %.60s", place->text, strerror(errno));
	return -1;
}

void
stream_close(struct stream *s)
{
	tls_end(s->ssl);
	s->ssl = NULL;
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	s->connecting = false;
}

short
stream_events(const struct stream *s, bool output)
{
	if (s->connecting && s->ssl)
		return tls_events(s->ssl);
	if (s->connecting)
		return POLLOUT;
	if (output)
		return POLLIN | POLLOUT;
	return POLLIN;
}

/* ---- connecting, reading, writing ----------------------------------------------------------------- */

static int
finish_connecting(struct stream *s)
{
	int error = error_of(s->fd);

	if (error)
		return fail(s, "cannot connect: ", strerror(error));
	if (!s->tls)
		return 0;
	s->ssl = tls_begin(s->tls, s->fd, s->host);
	return s->ssl ? 0 : fail(s, "out of memory", "");
}

int
stream_proceed(struct stream *s)
{
	int done = 1;

	if (!s->ssl && finish_connecting(s))
		return -1;
	if (s->ssl)
		done = tls_greet(s->ssl, s->host, s->why);
	s->connecting = done != 1;
	return done < 0 ? -1 : 0;
}

static ssize_t
not_now(struct stream *s)
{
	return errno == EAGAIN || errno == EINTR ? 0 : fail(s, "", strerror(errno));
}

ssize_t
stream_read(struct stream *s, char *bytes, size_t len)
{
	ssize_t n;

	if (s->ssl)
		return tls_read(s->ssl, bytes, len, s->why);
	n = receive(s->fd, bytes, len);
	if (!n)
		return fail(s, "the server has closed the connection", "");
	return n < 0 ? not_now(s) : n;
}

ssize_t
stream_write(struct stream *s, const char *bytes, size_t len)
{
	ssize_t n;

	if (s->ssl)
		return tls_write(s->ssl, bytes, len, s->why);
	n = transmit(s->fd, bytes, len);
	return n < 0 ? not_now(s) : n;
}
