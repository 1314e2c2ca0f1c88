/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copies bytes between a connected socket and a pair of descriptors, both ways at once, for ssh's ProxyCommand. End of
 * file in one direction is passed on and leaves the other open; the proxy ends when both have ended.
 *
 * Docker's proxy, and others before a service, accept each connection and close it when they cannot reach the service.
 * So until the host has sent a byte, input is kept, and may be sent again to another connection. The end of the input
 * follows a moment later than the input: a service that reads all and says nothing ends the connection after it, a
 * proxy before.
 */
#ifndef KNOCK_PROXY_H
#define KNOCK_PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROXY_BUFFER 65536

/* One direction. It reads only when its buffer is empty, so neither direction can block the other. */
struct flow {
	int from, to;
	bool to_socket;
	bool ended; /* `from` has no more; what is in the buffer is still to be sent */
	bool over;
	bool deaf;         /* its reader is gone: discard further input */
	size_t begin, end; /* of the bytes in the buffer */
	char buf[PROXY_BUFFER];
};

struct proxy {
	struct flow up, down; /* towards the host, and back */
	int broken;           /* errno of the first failure; 0: none */
	int64_t end_at;       /* ms: when the end of the input is passed on; 0: not known */
	bool end_sent;        /* ... before an answer */
};

/* The caller ignores SIGPIPE. */
void proxy_start(struct proxy *proxy, int in, int out);

/*
 * Copies `in` to `sock` until the host sends a byte, or has read the whole input and ends the connection in order, or
 * more has been read than can be kept; then returns 0. Returns -1 if the connection has ended before, with the errno
 * of the connection, 0 if it was closed: the caller may close it and call this again with another.
 */
int proxy_begin(struct proxy *proxy, int sock);

/*
 * The rest, after proxy_begin(). A reader of `out` that goes away ends its direction and is no error: ssh leaves like
 * that. Closes the socket, and `out` unless it is a socket, which is shut down for writing. Returns 0, or -1 with the
 * errno of the connection, or of a failed write to `out`.
 */
int proxy_run(struct proxy *proxy);

#endif
