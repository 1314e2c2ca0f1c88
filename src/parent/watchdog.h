/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signs of life for the service manager (systemd's WatchdogSec): given only when the engine has shown one, too. */
#ifndef KNOCKD_WATCHDOG_H
#define KNOCKD_WATCHDOG_H

#include "state.h"

/* Before the first engine starts. */
void watchdog_start(struct daemon *d);

/* When d->watchdog.next is due. Kills an engine that hangs, so that supervisor_restart() is due. */
void watchdog_tick(struct daemon *d);

#endif
