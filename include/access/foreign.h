/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Does here what other gateways of the group tell: within this gateway's own doors, times and limits. */
#ifndef KNOCKD_FOREIGN_H
#define KNOCKD_FOREIGN_H

#include <stddef.h>

#include "access/gateway.h"
#include "access/tools.h"
#include "conf/conf.h"

/* As apply of struct sharing_owner. Runs no command. */
void foreign_apply(const struct access_tools *tools, const struct conf *conf, struct sharing_news *news, size_t n);

#endif
