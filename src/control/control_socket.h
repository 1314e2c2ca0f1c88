/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Part of control: the listening socket and its place in the file system.
 */
#ifndef KNOCKD_CONTROL_SOCKET_H
#define KNOCKD_CONTROL_SOCKET_H

#include <stdbool.h>
#include <sys/types.h>

#include "lib/log.h"

struct control_socket {
	int fd; /* -1: closed */
	char *path;
	dev_t dev; /* what was made at the path */
	ino_t ino;
	bool has_group;
	gid_t group;
};

/* See control_open(). Warns when the socket cannot be given to a group that exists. 0, or -1 with errno. */
int control_socket_open(struct control_socket *socket, const char *path, const char *group, const struct log *log);

/* Closes it, and removes what is at its path if that is still this one. */
void control_socket_close(struct control_socket *socket);

#endif
