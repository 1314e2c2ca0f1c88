/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tells the service manager the daemon's state: sd_notify(3)'s protocol, one datagram to $NOTIFY_SOCKET.
 * Without that variable nothing happens.
 */
#ifndef KNOCKD_NOTIFY_H
#define KNOCKD_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

/* Has a service manager set $NOTIFY_SOCKET? */
bool notify_expected(void);

/*
 * The exit status for an error in the command line or the configuration, which another start would not mend: EX_CONFIG
 * (78, <sysexits.h>) for a service manager, which then does not try again; otherwise 1, as in knockd 0.8.
 */
int notify_config_status(void);

/* `text`, one line, is what systemctl status shows as the service's status until the daemon is ready. */
void notify_status(const char *text);

/* The service manager ends the daemon if notify_alive() is not called for so long; 0: it does not. */
uint64_t notify_watchdog_msec(void);
void notify_alive(void);

void notify_ready(void);
void notify_reloading(void);
void notify_stopping(void);

#endif
