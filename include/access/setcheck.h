/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KNOCKD_SETCHECK_H
#define KNOCKD_SETCHECK_H

#include "conf/conf.h"
#include "lib/log.h"
#include "netlink/nftset.h"

/*
 * Asks the kernel about every set that the configuration names, and logs a warning of those that would refuse their
 * elements. Nothing is fatal: the admin may create a set later.
 */
void setcheck(const struct log *log, struct nftset *nftset, const struct conf *conf);

#endif
