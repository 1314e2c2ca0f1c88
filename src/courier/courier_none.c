/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Without hiredis: a configuration that would need the courier is refused, see share_conf_missing(). */
#include "courier/courier.h"

#include <unistd.h>

int
courier_open(void)
{
	return -1;
}

int
courier_check_tls(int program, const int fds[static SHARE_TLS_FILES], char why[static SHARE_REASON])
{
	(void)program, (void)fds, (void)why;
	return -1;
}

_Noreturn void
courier_exec(int program, const struct courier_setup *setup)
{
	(void)program, (void)setup;
	_exit(1);
}
