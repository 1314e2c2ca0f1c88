/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Elements of the guard that are an admin's: no access, in no journal, and left alone by knocks. An admin writes them
 * with nft; while the daemon owns its table nobody else can, so it does that on request.
 */
#ifndef KNOCKD_BYHAND_H
#define KNOCKD_BYHAND_H

#include <stddef.h>

#include "access/tools.h"
#include "conf/conf.h"
#include "lib/addr.h"
#include "wire/request.h"

/*
 * Lets the address pass to all ports of the door's `open`, without an end. An access that it has there becomes such an
 * element. 0, or -1 with the reason in `err`.
 */
int byhand_admit(const struct access_tools *tools, const struct door *door, const struct addr *ip, char *err,
		 size_t errlen);

/*
 * Deletes the elements of these addresses, which are no prefixes, whoever has written them, at the ports of `open` of
 * all doors that are meant. Returns how many there were; `err` gets the first refusal of the kernel, or is empty.
 */
size_t byhand_delete(const struct access_tools *tools, const struct conf *conf, const struct request_whom *whom,
		     char *err, size_t errlen);

#endif
