/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of the users' keys and of the secrets of their codes: read at start and reload, and again on a change. */
#ifndef KNOCKD_USERS_H
#define KNOCKD_USERS_H

#include "state.h"

/* Reads the files of the configuration in force, and lets the kernel report their changes on the `fd`s of `d->users`.
 */
void users_read(struct daemon *d);

/* Takes the kernel's reports about USERS_KEYS or USERS_SECRETS: reads the file if it has changed. */
void users_read_watch(struct daemon *d, int which);

void users_close(struct daemon *d);

#endif
