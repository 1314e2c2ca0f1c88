/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file of the users' keys: read at start and reload, and again when it changes. */
#ifndef KNOCKD_USERS_H
#define KNOCKD_USERS_H

#include "state.h"

/* Reads the file of the configuration in force, and lets the kernel report its changes on `d->users.fd`. */
void users_read(struct daemon *d);

/* Takes the kernel's reports: reads the file if it has changed. */
void users_read_watch(struct daemon *d);

void users_close(struct daemon *d);

#endif
