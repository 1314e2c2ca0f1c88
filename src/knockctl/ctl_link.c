/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl_link.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/text.h"

#define PATIENCE_SEC 60 /* a reload takes a second or two at most */

static int
connect_to(int fd, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (text_copy(address.sun_path, sizeof(address.sun_path), path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return connect(fd, (const struct sockaddr *)&address, sizeof(address));
}

int
ctl_link_open(struct ctl_link *link, const char *path)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), error;

	*link = (struct ctl_link){ .in = NULL };
	if (fd < 0)
		return -1;
	if (!connect_to(fd, path))
		link->in = fdopen(fd, "r");
	if (link->in)
		return 0;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

void
ctl_link_close(struct ctl_link *link)
{
	fclose(link->in);
	free(link->line);
}

void
ctl_link_ask(struct ctl_link *link, const char *request)
{
	const int fd = fileno(link->in);
	const struct timeval patience = { .tv_sec = PATIENCE_SEC };

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	/* a watch waits without limit */
	if (strcmp(request, "watch"))
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (send(fd, request, strlen(request), MSG_NOSIGNAL) >= 0)
		send(fd, "\n", 1, MSG_NOSIGNAL);
}

json_t *
ctl_link_next(struct ctl_link *link, char *err, size_t errlen)
{
	json_error_t error;
	json_t *json;
	ssize_t n;

	errno = 0;
	n = getline(&link->line, &link->size, link->in);
	if (n < 0) {
		if (errno == EAGAIN)
			snprintf(err, errlen, "knockd does not answer");
		else
			snprintf(err, errlen, "knockd closed the connection before the end of its answer");
		return NULL;
	}
	json = json_loadb(link->line, (size_t)n, JSON_REJECT_DUPLICATES, &error);
	if (json_is_object(json))
		return json;
	json_decref(json);
	snprintf(err, errlen, "knockd sent an invalid answer");
	return NULL;
}

json_t *
ctl_link_all(struct ctl_link *link, char *err, size_t errlen)
{
	json_t *all = json_array(), *json;

	while (all && (json = ctl_link_next(link, err, errlen))) {
		const char *error = json_string_value(json_object_get(json, "error"));
		bool done = error || json_object_get(json, "done");

		if (error)
			snprintf(err, errlen, "%s", error);
		if (!done)
			json_array_append_new(all, json);
		else
			json_decref(json);
		if (error)
			break;
		if (done)
			return all;
	}
	json_decref(all);
	return NULL;
}
