/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The journal's directory: nobody else may change it, and it is locked against a second instance. */
#ifndef KNOCKD_STATEDIR_H
#define KNOCKD_STATEDIR_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Returns a descriptor that holds the lock as long as it is open; its last part is made, mode 0750, if it is missing.
 * -1 with errno. EBUSY: a second instance runs. EPERM: see trust_path(); `why` says what is wrong, and is not touched
 * otherwise. A symbolic link is followed: systemd makes one of a state directory with DynamicUser=.
 */
int statedir_open(const char *dir, uid_t owner, char *why, size_t size);

#endif
