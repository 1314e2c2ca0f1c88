/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The courier's login to servers. */
#ifndef KNOCKD_COURIER_LOGIN_H
#define KNOCKD_COURIER_LOGIN_H

#include "conf/share_conf.h"
#include "link.h"

bool login_is_needed(const struct share_login *login);

/* Queues AUTH. 0, or -1: no login, or no memory. */
int login_send(struct link *link, const struct share_login *login, uint64_t now);

#endif
