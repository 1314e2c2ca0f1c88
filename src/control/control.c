/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control_socket.h"
#include "lib/moment.h"

/* Delay before the next accept4(2) when descriptors or memory are out. */
#define PAUSE_MSEC 1000

#define GROUPS_MAX 65536 /* NGROUPS_MAX of the kernel */

struct control_client {
	struct control *control;
	int fd; /* -1: a free place */
	struct control_peer peer;
	enum { ASKING, ANSWERED_IN_PORTIONS, WATCHING } state;
	bool at_end;       /* end of the client's input */
	bool leaving;      /* to be dropped when its output is sent */
	uint64_t deadline; /* to read or to send a request */
	size_t in_len;
	char *out; /* CONTROL_OUT_MAX */
	size_t out_from, out_len;
	char in[CONTROL_LINE_MAX + 1];
};

struct control {
	struct control_owner owner;
	struct control_socket socket;
	uint64_t pause_until; /* 0: no pause */
	struct control_client clients[CONTROL_CLIENTS];
};

static uint64_t
now_msec(void)
{
	return moment_boot_msec();
}

/* ---- out --------------------------------------------------------------------------------------- */

/* With output pending: read timeout; otherwise: idle timeout. */
static void
wait_for_move(struct control_client *c)
{
	if (c->out_len)
		c->deadline = now_msec() + CONTROL_STALL_MSEC;
	else
		c->deadline = c->state == WATCHING ? UINT64_MAX : now_msec() + CONTROL_IDLE_MSEC;
}

bool
control_has_room(const struct control_client *c)
{
	return CONTROL_OUT_MAX - c->out_len >= CONTROL_ROOM;
}

bool
control_say(struct control_client *c, const char *line)
{
	size_t len = strlen(line);

	if (c->leaving || len + 1 > CONTROL_OUT_MAX - c->out_len)
		return false;
	if (c->out_from + c->out_len + len + 1 > CONTROL_OUT_MAX) {
		memmove(c->out, c->out + c->out_from, c->out_len);
		c->out_from = 0;
	}
	memcpy(c->out + c->out_from + c->out_len, line, len);
	c->out[c->out_from + c->out_len + len] = '\n';
	if (!c->out_len)
		c->deadline = now_msec() + CONTROL_STALL_MSEC;
	c->out_len += len + 1;
	return true;
}

static void
drop(struct control_client *c)
{
	close(c->fd);
	free(c->out);
	c->fd = -1;
	c->out = NULL;
}

/* False when the client is gone. */
static bool
flush_out(struct control_client *c)
{
	ssize_t n;

	if (!c->out_len)
		return true;
	n = send(c->fd, c->out + c->out_from, c->out_len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	c->out_len -= (size_t)n;
	c->out_from = c->out_len ? c->out_from + (size_t)n : 0;
	wait_for_move(c);
	return true;
}

/* Sends a last line. */
static void
dismiss(struct control_client *c, const char *line)
{
	control_say(c, line);
	c->leaving = true;
}

/* ---- in ---------------------------------------------------------------------------------------- */

/* False when the client is gone. */
static bool
receive(struct control_client *c)
{
	size_t room;
	ssize_t n;

	if (c->state == WATCHING)
		c->in_len = 0;
	room = sizeof(c->in) - c->in_len;
	n = recv(c->fd, c->in + c->in_len, room, MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (!n)
		c->at_end = true;
	c->in_len += (size_t)n;
	return true;
}

/* The length of the first line in the buffer; the last line of the input needs no newline. -1: no complete line. */
static ssize_t
first_line(const struct control_client *c)
{
	const char *newline = memchr(c->in, '\n', c->in_len);

	if (newline)
		return newline - c->in;
	return c->at_end && c->in_len ? (ssize_t)c->in_len : -1;
}

static bool
may_ask(const struct control_client *c)
{
	return c->state == ASKING && !c->leaving && control_has_room(c);
}

static void
take_line(struct control_client *c)
{
	ssize_t len = first_line(c);
	size_t whole;

	if (len < 0) {
		if (c->in_len == sizeof(c->in))
			dismiss(c, "{\"error\":\"the line is too long\"}");
		return;
	}
	c->control->owner.take(c->control->owner.arg, c, c->in, (size_t)len);
	whole = (size_t)len < c->in_len ? (size_t)len + 1 : c->in_len;
	c->in_len -= whole;
	memmove(c->in, c->in + whole, c->in_len);
	wait_for_move(c);
}

static void
take_portion(struct control_client *c)
{
	if (!control_has_room(c))
		return;
	if (!c->control->owner.more(c->control->owner.arg, c))
		c->state = ASKING;
	wait_for_move(c);
}

/* ---- one client -------------------------------------------------------------------------------- */

static bool
is_finished(const struct control_client *c)
{
	if (c->out_len)
		return false;
	return c->leaving || (c->at_end && c->state == ASKING && first_line(c) < 0);
}

static void
serve(struct control_client *c, short events, uint64_t now)
{
	bool there = true;

	if (events & POLLIN)
		there = receive(c);
	else if (events & (POLLHUP | POLLERR | POLLNVAL))
		there = false;
	if (there && events & POLLOUT)
		there = flush_out(c);
	if (there && may_ask(c))
		take_line(c);
	if (there && c->state == ANSWERED_IN_PORTIONS && !c->leaving)
		take_portion(c);
	if (there && !(events & POLLOUT))
		there = flush_out(c);
	if (!there || is_finished(c) || now >= c->deadline)
		drop(c);
}

/* Is there work that poll(2) will not report? */
static bool
is_pressing(const struct control_client *c)
{
	if (c->state == ANSWERED_IN_PORTIONS && !c->leaving)
		return !c->out_len;
	return may_ask(c) && first_line(c) >= 0;
}

static short
wanted_events(const struct control_client *c)
{
	bool in = !c->at_end && !c->leaving && (c->state == WATCHING || (may_ask(c) && first_line(c) < 0));

	return (short)((in ? POLLIN : 0) | (c->out_len ? POLLOUT : 0));
}

/* ---- arrivals ---------------------------------------------------------------------------------- */

static bool
has_group(int fd, gid_t group)
{
	socklen_t len = GROUPS_MAX * sizeof(gid_t);
	gid_t *groups = malloc(len);
	bool found = false;

	if (groups && !getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len))
		for (size_t i = 0; i < len / sizeof(*groups); i++)
			found |= groups[i] == group;
	free(groups);
	return found;
}

static int
ask_who(const struct control *control, int fd, struct control_peer *peer)
{
	struct ucred ucred;
	socklen_t len = sizeof(ucred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &ucred, &len))
		return -1;
	*peer = (struct control_peer){ .uid = ucred.uid, .gid = ucred.gid, .pid = ucred.pid };
	if (control->socket.has_group)
		peer->in_group = peer->gid == control->socket.group || has_group(fd, control->socket.group);
	return 0;
}

/* NULL: no place for this user. */
static struct control_client *
free_place(struct control *control, uid_t uid)
{
	struct control_client *place = NULL;
	size_t same = 0, others = 0;

	for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
		struct control_client *c = &control->clients[i];

		if (c->fd < 0) {
			place = c;
			continue;
		}
		same += c->peer.uid == uid;
		others += c->peer.uid != 0;
	}
	return uid && (same >= CONTROL_OF_ONE || others >= CONTROL_OF_ALL) ? NULL : place;
}

/* Sends the line if that does not block, and closes the connection. */
static void
refuse(int fd, const char *line)
{
	if (send(fd, line, strlen(line), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		errno = 0; /* the client gets no reason */
	close(fd);
}

static void
welcome(struct control *control, int fd)
{
	struct control_peer peer;
	struct control_client *c;
	char *out;

	if (ask_who(control, fd, &peer) || !control->owner.admit(control->owner.arg, &peer)) {
		refuse(fd, "{\"error\":\"permission denied\"}\n");
		return;
	}
	c = free_place(control, peer.uid);
	out = c ? malloc(CONTROL_OUT_MAX) : NULL;
	if (!out) {
		refuse(fd, "{\"error\":\"there are too many clients already\"}\n");
		return;
	}
	*c = (struct control_client){ .control = control, .fd = fd, .peer = peer, .out = out };
	wait_for_move(c);
}

static void
accept_all(struct control *control)
{
	int fd;

	control->pause_until = 0;
	for (int i = 0; i < CONTROL_CLIENTS; i++) {
		/* cppcheck-suppress nullPointer ; SO_PEERCRED names the client */
		fd = accept4(control->socket.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			welcome(control, fd);
		} else {
			/* the connection stays in the queue, and poll(2) would report it again at once */
			if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
				control->pause_until = now_msec() + PAUSE_MSEC;
			return;
		}
	}
}

/* ---- the loop ---------------------------------------------------------------------------------- */

void
control_poll(const struct control *control, struct pollfd fds[static CONTROL_SLOTS])
{
	for (size_t i = 0; i < CONTROL_SLOTS; i++)
		fds[i] = (struct pollfd){ .fd = -1 };
	if (!control)
		return;
	for (size_t i = 0; i < CONTROL_CLIENTS; i++)
		if (control->clients[i].fd >= 0)
			fds[i] = (struct pollfd){ .fd = control->clients[i].fd,
						  .events = wanted_events(&control->clients[i]) };
	if (!control->pause_until)
		fds[CONTROL_CLIENTS] = (struct pollfd){ .fd = control->socket.fd, .events = POLLIN };
}

void
control_work(struct control *control, const struct pollfd fds[static CONTROL_SLOTS])
{
	uint64_t now;

	if (!control)
		return;
	now = now_msec();
	for (size_t i = 0; i < CONTROL_CLIENTS; i++)
		if (fds[i].fd >= 0)
			serve(&control->clients[i], fds[i].revents, now);
	if (fds[CONTROL_CLIENTS].revents || (control->pause_until && now >= control->pause_until))
		accept_all(control);
}

uint64_t
control_next(const struct control *control)
{
	uint64_t next = UINT64_MAX;

	if (!control)
		return next;
	if (control->pause_until)
		next = control->pause_until;
	for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
		const struct control_client *c = &control->clients[i];

		if (c->fd >= 0 && is_pressing(c))
			return 0;
		if (c->fd >= 0 && c->deadline < next)
			next = c->deadline;
	}
	return next;
}

/* ---- for the owner ----------------------------------------------------------------------------- */

size_t
control_number(const struct control_client *c)
{
	return (size_t)(c - c->control->clients);
}

const struct control_peer *
control_peer(const struct control_client *c)
{
	return &c->peer;
}

void
control_give_up(struct control_client *c)
{
	c->leaving = true;
}

void
control_continue(struct control_client *c)
{
	c->state = ANSWERED_IN_PORTIONS;
}

void
control_watch(struct control_client *c)
{
	c->state = WATCHING;
}

struct control_client *
control_watcher(const struct control *control, size_t number)
{
	const struct control_client *c = &control->clients[number];

	return c->fd >= 0 && c->state == WATCHING ? (struct control_client *)c : NULL;
}

struct control *
control_open(const char *path, const struct control_owner *owner, const struct log *log)
{
	struct control *control = calloc(1, sizeof(*control));

	if (!control)
		return NULL;
	control->owner = *owner;
	for (size_t i = 0; i < CONTROL_CLIENTS; i++)
		control->clients[i].fd = -1;
	if (!control_socket_open(&control->socket, path, CONTROL_GROUP, log))
		return control;
	free(control);
	return NULL;
}

void
control_close(struct control *control)
{
	if (!control)
		return;
	for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
		if (control->clients[i].fd >= 0) {
			flush_out(&control->clients[i]);
			drop(&control->clients[i]);
		}
	}
	control_socket_close(&control->socket);
	free(control);
}
