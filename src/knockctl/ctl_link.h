/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * knockctl's side of the control socket.
 */
#ifndef KNOCKD_CTL_LINK_H
#define KNOCKD_CTL_LINK_H

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>

struct ctl_link {
	FILE *in;
	char *line;
	size_t size;
};

/* 0, or -1 with errno; ENOENT and ECONNREFUSED: no daemon is listening. */
int ctl_link_open(struct ctl_link *link, const char *path);
void ctl_link_close(struct ctl_link *link);

/* Sends the request. If the daemon has closed the connection, its answer can still be read. */
void ctl_link_ask(struct ctl_link *link, const char *request);

/* The next object; the caller releases it. NULL with the reason in `err`: no more objects follow. */
json_t *ctl_link_next(struct ctl_link *link, char *err, size_t errlen);

/*
 * All objects of an answer but the last, as an array. NULL with the reason in `err`: there are no more objects, or the
 * last one is an error.
 */
json_t *ctl_link_all(struct ctl_link *link, char *err, size_t errlen);

#endif
