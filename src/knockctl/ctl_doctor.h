/* SPDX-License-Identifier: GPL-2.0-or-later */
/* knockctl doctor. */
#ifndef KNOCKD_CTL_DOCTOR_H
#define KNOCKD_CTL_DOCTOR_H

#include "ctl_options.h"

/* Returns the exit status: CTL_EXIT_ERROR with a fault. */
int ctl_doctor(const struct ctl_options *options);

#endif
