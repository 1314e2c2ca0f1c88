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
#ifdef __linux__
#include <linux/sockios.h>
#include <sys/ioctl.h>
#endif

#include "lib/moment.h"

#ifndef MSG_NOSIGNAL /* macOS; the caller ignores SIGPIPE */
#define MSG_NOSIGNAL 0
#endif

#define END_PAUSE 1000 /* ms: a proxy knows by then that it cannot reach the service */

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

static bool
is_socket(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

void
proxy_start(struct proxy *p, int in, int out)
{
	*p = (struct proxy){ .up = { .from = in, .to_socket = true },
			     .down = { .to = out, .to_socket = is_socket(out) } };
}

/* ---- to the end --------------------------------------------------------------------------------- */

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
	bool want_in = !p->up.over && !p->up.ended && !holds(&p->up);
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
	if (p->up.ended && !holds(&p->up) && !p->up.over)
		finish(&p->up);
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

/* False when `in` has ended and `out` gets no more. */
static bool
running(const struct proxy *p)
{
	return !p->up.over || !(p->down.over || p->down.deaf);
}

int
proxy_run(struct proxy *p)
{
	struct pollfd slots[SLOTS];

	if (p->up.ended && !holds(&p->up))
		finish(&p->up);
	while (!p->broken && running(p)) {
		prepare(p, slots);
		if (poll(slots, SLOTS, -1) > 0)
			serve(p, slots);
	}
	close(p->up.to);
	errno = p->broken;
	return p->broken ? -1 : 0;
}

/* ---- until the host answers --------------------------------------------------------------------- */

enum answer { ANSWER_NONE, ANSWER_CAME, ANSWER_LOST };

static int64_t
now_ms(void)
{
	return (int64_t)(moment_steady_usec() / 1000);
}

#ifdef __linux__
static int64_t
round_trip(int sock)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	getsockopt(sock, IPPROTO_TCP, TCP_INFO, &info, &len);
	return (int64_t)info.tcpi_rtt / 1000;
}

static bool
is_acknowledged(int sock)
{
	int unsent = 0;

	return !ioctl(sock, SIOCOUTQ, &unsent) && !unsent;
}
#else
/* Each other system has a way of its own to ask for these, or none. */
#define ROUND_TRIP 500 /* ms: a long one */

static int64_t
round_trip(int sock)
{
	(void)sock;
	return ROUND_TRIP;
}

static bool
is_acknowledged(int sock)
{
	(void)sock;
	return true;
}
#endif

/* How long after the input its end is sent. An answer to the input takes a round trip. */
static int64_t
end_pause(int sock)
{
	return END_PAUSE + 2 * round_trip(sock);
}

/* The input is sent and has ended. Returns the milliseconds until its end is due; -1: sent. An empty one needs none. */
static int
pass_end_on(struct proxy *p)
{
	int64_t now = now_ms();

	if (!p->end_at)
		p->end_at = now + (p->up.end ? end_pause(p->up.to) : 0);
	if (now < p->end_at)
		return (int)(p->end_at - now);
	shutdown(p->up.to, SHUT_WR);
	p->end_sent = true;
	return -1;
}

/* Did the host end the connection in order when it had the end of the input? */
static bool
has_taken_all(const struct proxy *p)
{
	socklen_t len = sizeof(int);
	int err = 0;

	return p->end_sent && p->up.end && !getsockopt(p->up.to, SOL_SOCKET, SO_ERROR, &err, &len) && !err &&
	       is_acknowledged(p->up.to);
}

/* The connection has an event. Leaves the answer, or the end, for proxy_run(). */
static enum answer
look(struct proxy *p)
{
	char byte;
	ssize_t n = recv(p->up.to, &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT);

	if (n < 0 && transient(errno))
		return ANSWER_NONE;
	p->broken = n < 0 ? errno : 0;
	return n > 0 || (n == 0 && has_taken_all(p)) ? ANSWER_CAME : ANSWER_LOST;
}

/* Behind what is kept. */
static void
keep(struct flow *up)
{
	ssize_t n = read(up->from, up->buf + up->end, sizeof(up->buf) - up->end);

	if (n > 0)
		up->end += (size_t)n;
	else if (n == 0 || !transient(errno))
		up->ended = true;
}

/* An `out` that nobody reads any more is for proxy_run(), like an answer. */
static enum answer
serve_first(struct proxy *p, const struct pollfd slots[static SLOTS])
{
	if (slots[SLOT_OUT].revents)
		return ANSWER_CAME;
	if (slots[SLOT_SOCK].revents & ~POLLOUT)
		return look(p);
	if (slots[SLOT_IN].revents)
		keep(&p->up);
	if (slots[SLOT_SOCK].revents && holds(&p->up))
		p->broken = drain(&p->up);
	return p->broken ? ANSWER_LOST : ANSWER_NONE;
}

static enum answer
await(struct proxy *p)
{
	bool want_in = !p->up.ended && p->up.end < sizeof(p->up.buf);
	bool ending = p->up.ended && !holds(&p->up) && !p->end_sent;
	struct pollfd slots[SLOTS] = {
		[SLOT_IN] = { .fd = want_in ? p->up.from : -1, .events = POLLIN },
		[SLOT_OUT] = { .fd = p->down.to },
		[SLOT_SOCK] = { .fd = p->up.to, .events = (short)(POLLIN | (holds(&p->up) ? POLLOUT : 0)) },
	};

	if (poll(slots, SLOTS, ending ? pass_end_on(p) : -1) <= 0)
		return ANSWER_NONE;
	return serve_first(p, slots);
}

/* ssh sets these on its own socket, which this one replaces. */
static void
tune(int sock)
{
	int on = 1;

	setsockopt(sock, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(sock, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

int
proxy_begin(struct proxy *p, int sock)
{
	enum answer answer = ANSWER_NONE;

	tune(sock);
	p->up.to = p->down.from = sock;
	p->up.begin = 0;
	p->broken = 0;
	p->end_at = 0;
	p->end_sent = false;
	while (answer == ANSWER_NONE && p->up.begin < sizeof(p->up.buf))
		answer = await(p);
	if (answer != ANSWER_LOST)
		return 0;
	errno = p->broken;
	return -1;
}
