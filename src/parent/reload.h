/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reload: the new configuration replaces the old one as a whole, or not at all. */
#ifndef KNOCKD_RELOAD_H
#define KNOCKD_RELOAD_H

#include "state.h"

/* Reads the configuration again and logs the outcome. True: it is in force; false: the old one still is. */
bool reload_daemon(struct daemon *d);

#endif
