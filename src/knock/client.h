/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * knock after its command line is parsed: profile, addresses, hits, the wait, then command or proxy. All input is
 * checked before the first packet, so a knock is sent whole or not at all.
 */
#ifndef KNOCKD_CLIENT_H
#define KNOCKD_CLIENT_H

#include "client_options.h"

#define CLIENT_EXIT_ERROR 1
#define CLIENT_EXIT_SHUT  2 /* --wait: the door did not open in time */

/* Returns the exit status; does not return when a command is run. */
int client_knock(const struct client_options *options);

/* Adds a profile. Returns the exit status. */
int client_add(const struct client_options *options);

/* Prints "name<TAB>host" for each profile. Returns the exit status. */
int client_list(void);

#endif
