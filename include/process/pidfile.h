/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A pid file that belongs to whoever runs: locked as long as the daemon lives, so that a second one
 * cannot take it, and a stale one is no obstacle.
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

/* Removes it, if it is ours. */
void pidfile_remove(struct pidfile *pidfile);

#endif
