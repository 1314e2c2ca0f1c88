/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A pid file that is locked while the daemon lives: a second daemon cannot take it, and a stale file is no
 * obstacle.
 */
#ifndef KNOCKD_PIDFILE_H
#define KNOCKD_PIDFILE_H

struct pidfile {
	int fd; /* -1: none */
	char *path;
};

/*
 * Creates or takes over the file, locks it and writes this process's id and a newline, mode 0644. 0, or
 * -1 with errno; EWOULDBLOCK: a running instance has it. Follows no symbolic link.
 */
int pidfile_create(struct pidfile *pidfile, const char *path);

/* Removes the file if pidfile_create() made it. */
void pidfile_remove(struct pidfile *pidfile);

#endif
