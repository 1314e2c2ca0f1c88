/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes of a connection, as they are or encrypted. No call blocks. */
#ifndef KNOCKD_COURIER_STREAM_H
#define KNOCKD_COURIER_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "place.h"
#include "wire/share.h"

struct stream {
	int fd;                 /* -1: closed */
	struct ssl_ctx_st *tls; /* NULL: not encrypted */
	struct ssl_st *ssl;     /* NULL: not yet */
	const char *host;       /* whose certificate the server must have */
	bool connecting;        /* ... or encryption is being agreed on */
	char why[SHARE_REASON]; /* of the last failure */
};

/* Begins to connect. 0, or -1 with `why`. `place` must live as long as the connection. */
int stream_open(struct stream *s, const struct place *place);
void stream_close(struct stream *s);

/* For poll(2); `output`: the caller has something to write. */
short stream_events(const struct stream *s, bool output);

/* While `connecting`, after poll(2): goes on. 0, or -1 with `why`. */
int stream_proceed(struct stream *s);

/* How many bytes were read or written, 0: not now, -1 with `why`. */
ssize_t stream_read(struct stream *s, char *bytes, size_t len);
ssize_t stream_write(struct stream *s, const char *bytes, size_t len);

#endif
