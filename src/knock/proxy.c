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

/* One direction. It reads only when its buffer is empty, so neither can hold up the other. */
struct flow {
	int from, to;
	bool to_socket;
	bool over;
	bool deaf;         /* nobody reads it any more: what still comes is thrown away */
	size_t begin, end; /* what is in the buffer */
	char buf[BUFFER];
};

struct proxy {
	struct flow up, down; /* towards the host, and back */
	int broken;           /* errno of what broke; 0: all ended as it should */
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

/* Passes the end on. A socket is shut, not closed: the other direction may be on it. */
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
 * The reader went away. Not to read on would fill the connection until the host stops reading, too,
 * and the direction that still works would stand still.
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
 * A pipe that is ready takes PIPE_BUF bytes without blocking, whatever its flags. They are not
 * ours to change: the other end of a terminal or a shared pipe would change with them.
 */
static ssize_t
put(const struct flow *flow)
{
	size_t len = flow->end - flow->begin;

	if (flow->to_socket)
		return send(flow->to, flow->buf + flow->begin, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	return write(flow->to, flow->buf + flow->begin, len < PIPE_BUF ? len : PIPE_BUF);
}

/* Returns 0, or the errno of a reader that is gone. */
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
 * A descriptor nothing is wanted from is left out, or its hang-up would wake us for ever. `out` and
 * the socket stay in while they can still break, so that it is noticed without traffic.
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

/* What the connection itself says. After its orderly end, a late write that fails is no news. */
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

/* A reader that hung up is none of our business; a full disk is. */
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

/* ssh's own socket would have these; now this one is in its place. */
static void
tune(int sock)
{
	int on = 1;

	setsockopt(sock, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(sock, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

/* With our side's end sent and nobody left to read, there is nothing to wait for. */
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
