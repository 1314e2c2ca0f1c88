/* SPDX-License-Identifier: GPL-2.0-or-later */
/* knockctl top. */
#ifndef KNOCKD_CTL_TOP_H
#define KNOCKD_CTL_TOP_H

#include "ctl_options.h"

/* Shows a live screen until the user leaves it. Returns the exit status. */
int ctl_top(const struct ctl_options *options);

#endif
