/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Does here what other gateways of the group tell: within this gateway's own doors, times and limits. */
#ifndef KNOCKD_FOREIGN_H
#define KNOCKD_FOREIGN_H

#include <stdbool.h>
#include <stdint.h>

#include "access/tools.h"
#include "conf/conf.h"

struct notice;

/* As apply of struct sharing_owner. Runs no command. */
bool foreign_apply(const struct access_tools *tools, const struct conf *conf, const struct notice *notice,
		   const char *gateway, uint64_t left_ms);

#endif
