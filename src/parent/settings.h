/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration as the daemon uses it: the file with the command line applied, the user, the logs. */
#ifndef KNOCKD_SETTINGS_H
#define KNOCKD_SETTINGS_H

#include "state.h"

/* Reads the file, applies the command line, finds the user. NULL after a line on what is wrong. */
struct conf *settings_read(struct daemon *d, struct priv_user *user);

/* Syslog and log file as the configuration has them; and again, with a line, for who has moved the file away. */
void settings_open_logs(struct daemon *d);
void settings_reopen_logs(struct daemon *d);

/* What `Interface` says, as knockd's log has it. */
const char *settings_interfaces(const struct conf *conf);

/* Lines on doors without a sequence, and on interfaces that are not there. */
void settings_log_disabled(const struct daemon *d);
void settings_warn_of_interfaces(const struct daemon *d);

#endif
