/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The interfaces that the configuration names, and those of the machine. */
#ifndef KNOCKD_INTERFACES_H
#define KNOCKD_INTERFACES_H

#include "conf/conf.h"
#include "lib/log.h"

/*
 * Rules see an interface's own name only: replaces each alternative name in the configuration (ip link property add
 * altname) by that, with a log line. `log` may be NULL.
 */
void interfaces_translate(struct conf *conf, const struct log *log);

/*
 * Warns of interfaces that do not exist or whose packets come by another one, and of Targets that other hosts can reach
 * past the guard. Only warnings: interfaces of ppp and WireGuard, for example, may appear later.
 */
void interfaces_warn(const struct conf *conf, const struct log *log);

#endif
