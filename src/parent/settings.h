/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration in use: the file with the command line applied, the engine's user, the logs. */
#ifndef KNOCKD_SETTINGS_H
#define KNOCKD_SETTINGS_H

#include "state.h"

/* Reads the file, applies the command line, looks up the user. NULL after a log line. */
struct conf *settings_read(struct daemon *d, struct priv_user *user);

/* Opens syslog and log file as configured; and again, with a log line, after an admin rotated or renamed the file. */
void settings_open_logs(struct daemon *d);
void settings_reopen_logs(struct daemon *d);

/* The interfaces for the log: `Interface` as written, or "any". */
const char *settings_interfaces(const struct conf *conf);

/* Log lines for doors without a sequence. */
void settings_log_disabled(const struct daemon *d);

#endif
