/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads a configuration from knockd.conf and the one-time files that it names. */
#ifndef KNOCKD_CONFFILE_H
#define KNOCKD_CONFFILE_H

#include <sys/types.h>

#include "conf/conf.h"

/*
 * Returns the configuration, for conf_free(), or NULL after any error. Every error is reported.
 *
 * A user that can write to one of these files can give root commands, and sequences are secrets. So a file is refused
 * if anyone but root and the calling user owns it or may write to it (group root may). A file that all users may read
 * gets a warning.
 *
 * The names of one-time files that do not begin with '/' are relative to `dir`. The result has the absolute names,
 * since the daemon changes its working directory. NULL: the names stay as they are.
 */
struct conf *conffile_read(const char *path, const char *dir, conf_report *report, void *arg);

/* The same where the file's Interface does not count: a mistake in it is a warning. */
struct conf *conffile_read_but_interface(const char *path, const char *dir, conf_report *report, void *arg);

/*
 * The same for a file that the keeper, which is root, has opened. Only root may own it: a daemon that has left root
 * must not accept a file that root would refuse. Closes `fd`. fd -1: it could not be opened, with errno.
 */
struct conf *conffile_read_from(int fd, const char *path, const char *dir, bool other_interface, conf_report *report,
				void *arg);

/*
 * Reads the server's keys for signed knocks from `fd`, which it closes, see serverkeys_read(). A configuration without
 * them gets none, and `fd` is not used. 0, or -1 after a report.
 */
int conffile_read_key(struct conf *conf, int fd, uid_t self, conf_report *report, void *arg);

/*
 * Reads the group's key and the login of its server from these descriptors, which it closes; both must be secret files.
 * A configuration without them gets none. 0, or -1 after a report.
 */
int conffile_read_share(struct conf *conf, int key_fd, int login_fd, uid_t self, conf_report *report, void *arg);

/*
 * Reads the door's one-time file again, with a report of each bad line: its sequences become `one_time`, and the next
 * one is the first of them. 0, or -1 with errno: the door stays as it is.
 */
int conffile_read_one_time(struct door *door, conf_report *report, void *arg);

#endif
