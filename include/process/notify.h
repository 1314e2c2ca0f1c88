/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Telling the service manager how far we are: sd_notify(3)'s protocol, one datagram to $NOTIFY_SOCKET.
 * Without that variable nothing happens.
 */
#ifndef KNOCKD_NOTIFY_H
#define KNOCKD_NOTIFY_H

#include <stdbool.h>

/* Is there a manager that waits to hear? */
bool notify_expected(void);

void notify_ready(void);
void notify_reloading(void);
void notify_stopping(void);

#endif
