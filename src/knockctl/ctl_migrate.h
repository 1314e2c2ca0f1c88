/* SPDX-License-Identifier: GPL-2.0-or-later */
/* knockctl migrate. */
#ifndef KNOCKD_CTL_MIGRATE_H
#define KNOCKD_CTL_MIGRATE_H

#include "ctl_options.h"

/* Returns the exit status. Errors are printed on stderr. */
int ctl_migrate(const struct ctl_options *options);

#endif
