/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Without ncurses. */
#include <stdio.h>

#include "ctl.h"
#include "ctl_top.h"

int
ctl_top(const struct ctl_options *options)
{
	(void)options;
	fprintf(stderr, "knockctl: this knockctl was built without ncurses, which top needs: use watch and list\n");
	return CTL_EXIT_ERROR;
}
