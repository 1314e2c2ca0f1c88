/* SPDX-License-Identifier: GPL-2.0-or-later */
/* knockctl new. */
#ifndef KNOCKD_CTL_NEW_H
#define KNOCKD_CTL_NEW_H

#include "ctl_options.h"

/* Returns the exit status. Errors are printed on stderr. */
int ctl_new(const struct ctl_options *options);

#endif
