/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "link.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes read at once. */
#define READ_LEN 16384

int
link_init(struct link *link, size_t size, const char *secret, struct ssl_ctx_st *tls)
{
	*link = (struct link){ .size = size, .secret = secret, .stream = { .fd = -1, .tls = tls } };
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

int
link_open(struct link *link, const struct place *place)
{
	link_close(link);
	link->reader = redisReaderCreate();
	if (!link->reader)
		return link_fail(link, "out of memory");
	limit_install(&link->limit, link->reader);
	return stream_open(&link->stream, place) ? link_fail(link, "%s", link->stream.why) : 0;
}

void
link_close(struct link *link)
{
	if (link->reader)
		redisReaderFree(link->reader);
	link->reader = NULL;
	stream_close(&link->stream);
	output_clear(&link->output);
	link->first = link->n = 0;
}

bool
link_is_open(const struct link *link)
{
	return link->stream.fd >= 0;
}

int
link_fd(const struct link *link)
{
	return link->stream.fd;
}

short
link_events(const struct link *link)
{
	if (!link_is_open(link))
		return 0;
	return stream_events(&link->stream, output_waiting(&link->output));
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

	if (!link_is_open(link) || link->n == link->size || output_add(&link->output, argc, argv, lens))
		return NULL;
	expected = &link->queue[(link->first + link->n++) % link->size];
	expected->command = command;
	expected->awaited_since = now;
	expected->again = false;
	return expected;
}

struct expected *
link_first(struct link *link)
{
	return link->n ? &link->queue[link->first] : NULL;
}

void
link_answered(struct link *link, uint64_t now)
{
	link->first = (link->first + 1) % link->size;
	link->n--;
	if (link->n)
		link->queue[link->first].awaited_since = now;
}

const char *
link_silence(const struct link *link)
{
	return link->stream.ssl && link->stream.connecting ? "TLS: no answer" : "no answer";
}

uint64_t
link_since(const struct link *link)
{
	return link->n ? link->queue[link->first].awaited_since : UINT64_MAX;
}

/* ---- input and output -------------------------------------------------------------------------- */

static int
take_replies(struct link *link, link_take *take, void *arg)
{
	redisReader *reader = link->reader;
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

static int
take_input(struct link *link, link_take *take, void *arg)
{
	char bytes[READ_LEN];
	ssize_t n = stream_read(&link->stream, bytes, sizeof(bytes));

	if (n < 0)
		return link_fail(link, "%s", link->stream.why);
	if (n && redisReaderFeed(link->reader, bytes, (size_t)n))
		return link_fail(link, "out of memory");
	return take_replies(link, take, arg);
}

int
link_move(struct link *link, short revents, link_take *take, void *arg)
{
	if (link->stream.connecting && revents)
		return stream_proceed(&link->stream) ? link_fail(link, "%s", link->stream.why) : link_flush(link);
	return revents & (POLLIN | POLLHUP | POLLERR) ? take_input(link, take, arg) : 0;
}

int
link_flush(struct link *link)
{
	const struct output *out = &link->output;
	ssize_t n;

	if (!link_is_open(link) || link->stream.connecting || !output_waiting(out))
		return 0;
	n = stream_write(&link->stream, out->bytes + out->sent, output_waiting(out));
	if (n < 0)
		return link_fail(link, "%s", link->stream.why);
	output_sent(&link->output, (size_t)n);
	return 0;
}
