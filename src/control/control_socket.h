/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The listening socket and its file. */
#ifndef KNOCKD_CONTROL_SOCKET_H
#define KNOCKD_CONTROL_SOCKET_H

#include <stdbool.h>
#include <sys/types.h>

#include "lib/log.h"

struct control_socket {
	int fd; /* -1: closed */
	char *path;
	dev_t dev; /* of the file */
	ino_t ino;
	bool has_group;
	gid_t group;
};

/* See control_open(). Warns if the group exists and cannot get the socket. 0, or -1 with errno. */
int control_socket_open(struct control_socket *socket, const char *path, const char *group, const struct log *log);

/* Closes the socket, and removes its file unless another file has replaced it. */
void control_socket_close(struct control_socket *socket);

#endif
