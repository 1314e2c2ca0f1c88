/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "link.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int
link_init(struct link *link, size_t size, const char *secret)
{
	*link = (struct link){ .size = size, .secret = secret };
	link->queue = calloc(size, sizeof(*link->queue));
	return link->queue ? 0 : -1;
}

int
link_fail(struct link *link, const char *fmt, ...)
{
	va_list args;

	memset(link->why, 0, sizeof(link->why));
	va_start(args, fmt);
	vsnprintf(link->why, sizeof(link->why), fmt, args);
	va_end(args);
	for (char *c = link->why; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	return -1;
}

int
link_quote(struct link *link, const char *what, const char *text)
{
	bool tells = *link->secret && strstr(text, link->secret);

	return link_fail(link, "%s: %.90s", what, tells ? "an error with the password in it" : text);
}

/* ---- open and close ---------------------------------------------------------------------------- */

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
link_open(struct link *link, const struct place *place)
{
	int fd;

	link_close(link);
	fd = dial(place, &link->connecting);
	if (fd < 0)
		return link_fail(link, "%s: %s", place->text, strerror(errno));
	link->redis = redisConnectFd(fd);
	if (!link->redis) {
		close(fd);
		return link_fail(link, "out of memory");
	}
	link->redis->flags &= ~REDIS_BLOCK;
	limit_install(&link->limit, link->redis->reader);
	return 0;
}

void
link_close(struct link *link)
{
	if (link->redis)
		redisFree(link->redis);
	link->redis = NULL;
	link->connecting = false;
	link->first = link->n = 0;
}

bool
link_is_open(const struct link *link)
{
	return link->redis;
}

int
link_fd(const struct link *link)
{
	return link->redis ? link->redis->fd : -1;
}

static bool
has_output(const struct link *link)
{
	return sdslen(link->redis->obuf) > 0;
}

short
link_events(const struct link *link)
{
	if (!link->redis)
		return 0;
	if (link->connecting)
		return POLLOUT;
	return has_output(link) ? POLLIN | POLLOUT : POLLIN;
}

/* ---- commands ---------------------------------------------------------------------------------- */

bool
link_has_room(const struct link *link, size_t commands)
{
	return link->size - link->n >= commands;
}

struct expected *
link_send(struct link *link, enum command command, int argc, const char **argv, const size_t *lens, uint64_t now)
{
	struct expected *expected;

	if (!link->redis || link->n == link->size || redisAppendCommandArgv(link->redis, argc, argv, lens))
		return NULL;
	expected = &link->queue[(link->first + link->n++) % link->size];
	expected->command = command;
	expected->sent_at = now;
	expected->again = false;
	return expected;
}

struct expected *
link_first(struct link *link)
{
	return link->n ? &link->queue[link->first] : NULL;
}

void
link_answered(struct link *link)
{
	link->first = (link->first + 1) % link->size;
	link->n--;
}

uint64_t
link_since(const struct link *link)
{
	return link->n ? link->queue[link->first].sent_at : UINT64_MAX;
}

/* ---- input and output -------------------------------------------------------------------------- */

static int
fail_context(struct link *link)
{
	const redisContext *redis = link->redis;

	if (redis->err == REDIS_ERR_EOF)
		return link_fail(link, "the server has closed the connection");
	if (redis->err == REDIS_ERR_IO && !*redis->errstr)
		return link_fail(link, "%s", strerror(errno));
	return link_fail(link, "%s", redis->errstr);
}

static int
finish_connecting(struct link *link)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(link->redis->fd, SOL_SOCKET, SO_ERROR, &error, &len) || error)
		return link_fail(link, "cannot connect: %s", strerror(error ? error : errno));
	link->connecting = false;
	return 0;
}

static int
take_replies(struct link *link, link_take *take, void *arg)
{
	redisReader *reader = link->redis->reader;
	void *reply;
	int useless;

	for (;;) {
		if (redisReaderGetReply(reader, &reply))
			return link->limit.exceeded
				   ? link_fail(link, "the server sent a reply of too great a size")
				   : link_fail(link, "the server does not speak Redis's protocol: %s", reader->errstr);
		if (!reply)
			break;
		limit_renew(&link->limit);
		useless = take(arg, link, reply);
		freeReplyObject(reply);
		if (useless)
			return -1;
	}
	return reader->len - reader->pos > LIMIT_UNREAD ? link_fail(link, "the server sent a text of too great a size")
							: 0;
}

int
link_move(struct link *link, short revents, link_take *take, void *arg)
{
	if (link->connecting && revents)
		return finish_connecting(link) ? -1 : link_flush(link);
	if (!(revents & (POLLIN | POLLHUP | POLLERR)))
		return 0;
	if (redisBufferRead(link->redis)) /* at most 16 KiB */
		return fail_context(link);
	return take_replies(link, take, arg);
}

int
link_flush(struct link *link)
{
	if (link->redis && !link->connecting && has_output(link) && redisBufferWrite(link->redis, NULL))
		return fail_context(link);
	return 0;
}
