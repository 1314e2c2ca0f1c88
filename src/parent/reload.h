/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Another configuration takes the place of the one in force, or none of it does. */
#ifndef KNOCKD_RELOAD_H
#define KNOCKD_RELOAD_H

#include "state.h"

/* True when the new configuration is in force; otherwise the old one still is. Logs what it does. */
bool reload_daemon(struct daemon *d);

#endif
