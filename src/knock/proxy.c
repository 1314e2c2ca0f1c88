/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proxy.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER 65536

/* One direction. It reads only when its buffer is empty, so neither direction can block the other. */
struct flow {
	int from, to;
	bool to_socket;
	bool over;
	bool deaf;         /* its reader is gone: discard further input */
	size_t begin, end; /* of the bytes in the buffer */
	char buf[BUFFER];
};

struct proxy {
	struct flow up, down; /* towards the host, and back */
	int broken;           /* errno of the first failure; 0: none */
};

enum slot { SLOT_IN, SLOT_OUT, SLOT_SOCK, SLOTS };

static bool
transient(int err)
{
	return err == EAGAIN || err == EWOULDBLOCK || err == EINTR;
}

static bool
holds(const struct flow *flow)
{
	return flow->end > flow->begin;
}

/* Passes end of file on. A socket is shut down, not closed: the other direction may use it. */
static void
finish(struct flow *flow)
{
	flow->over = true;
	flow->begin = flow->end = 0;
	if (flow->deaf)
		return;
	if (flow->to_socket)
		shutdown(flow->to, SHUT_WR);
	else
		close(flow->to);
}

/*
 * The reader is gone, but input is still read and discarded: a full connection would make the host stop reading, too,
 * and block the other direction.
 */
static void
go_deaf(struct flow *flow)
{
	if (!flow->to_socket)
		close(flow->to);
	flow->deaf = true;
	flow->begin = flow->end = 0;
}

/* Returns 0, or the errno that ended it. */
static int
fill(struct flow *flow)
{
	ssize_t n = read(flow->from, flow->buf, sizeof(flow->buf));
	int err = n < 0 ? errno : 0;

	if (transient(err))
		return 0;
	flow->begin = 0;
	flow->end = n > 0 && !flow->deaf ? (size_t)n : 0;
	if (n <= 0)
		finish(flow);
	return err;
}

/*
 * A ready pipe takes PIPE_BUF bytes without blocking, even in blocking mode. O_NONBLOCK would affect every process that
 * shares the terminal or pipe.
 */
static ssize_t
put(const struct flow *flow)
{
	size_t len = flow->end - flow->begin;

	if (flow->to_socket)
		return send(flow->to, flow->buf + flow->begin, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	return write(flow->to, flow->buf + flow->begin, len < PIPE_BUF ? len : PIPE_BUF);
}

/* Returns 0, or the errno of a failed write. */
static int
drain(struct flow *flow)
{
	ssize_t n = put(flow);

	if (n < 0)
		return transient(errno) ? 0 : errno;
	flow->begin += (size_t)n;
	return 0;
}

/*
 * Leaves out a descriptor that has nothing to do, or its hang-up would end every poll. `out` and the socket stay in
 * while they can still break, so that this is noticed without traffic.
 */
static void
prepare(const struct proxy *p, struct pollfd slots[static SLOTS])
{
	bool want_in = !p->up.over && !holds(&p->up);
	bool want_read = !p->down.over && !holds(&p->down);
	short sock = (short)((want_read ? POLLIN : 0) | (holds(&p->up) ? POLLOUT : 0));

	slots[SLOT_IN] = (struct pollfd){ .fd = want_in ? p->up.from : -1, .events = POLLIN };
	slots[SLOT_OUT] = (struct pollfd){ .fd = p->down.over || p->down.deaf ? -1 : p->down.to,
					   .events = holds(&p->down) ? POLLOUT : 0 };
	slots[SLOT_SOCK] = (struct pollfd){ .fd = sock || !p->up.over ? p->up.to : -1, .events = sock };
}

/* Events of the connection. A write that fails after its orderly end is no error. */
static void
serve_socket(struct proxy *p, short revents)
{
	bool ended = p->down.over;
	int err = 0;

	if (revents & (POLLIN | POLLERR | POLLHUP) && !p->down.over && !holds(&p->down))
		err = fill(&p->down);
	if (!err && revents & (POLLOUT | POLLERR | POLLHUP) && holds(&p->up))
		err = drain(&p->up);
	if (err && !p->broken && !ended)
		p->broken = err;
	if ((err || revents & (POLLERR | POLLHUP)) && !p->up.over)
		finish(&p->up);
}

/* A reader that hung up is no error; another failed write, to a full disk say, is. */
static void
serve_out(struct proxy *p)
{
	int err = holds(&p->down) ? drain(&p->down) : EPIPE;

	if (err)
		go_deaf(&p->down);
	if (err && err != EPIPE && err != ECONNRESET && !p->broken)
		p->broken = err;
}

static void
serve(struct proxy *p, const struct pollfd slots[static SLOTS])
{
	if (slots[SLOT_OUT].revents)
		serve_out(p);
	if (slots[SLOT_IN].revents)
		fill(&p->up);
	if (slots[SLOT_SOCK].revents)
		serve_socket(p, slots[SLOT_SOCK].revents);
}

static bool
is_socket(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

/* ssh sets these on its own socket, which this one replaces. */
static void
tune(int sock)
{
	int on = 1;

	setsockopt(sock, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(sock, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

/* False when `in` has ended and `out` gets no more. */
static bool
running(const struct proxy *p)
{
	return !p->up.over || !(p->down.over || p->down.deaf);
}

int
proxy_run(int sock, int in, int out)
{
	struct proxy p;
	struct pollfd slots[SLOTS];

	p.up = (struct flow){ .from = in, .to = sock, .to_socket = true };
	p.down = (struct flow){ .from = sock, .to = out, .to_socket = is_socket(out) };
	p.broken = 0;
	tune(sock);
	while (running(&p)) {
		prepare(&p, slots);
		if (poll(slots, SLOTS, -1) > 0)
			serve(&p, slots);
	}
	close(sock);
	errno = p.broken;
	return p.broken ? -1 : 0;
}
