/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ports for a new sequence: of no service, no other door, and not those that the kernel takes for itself. */
#ifndef KNOCKD_FREEPORTS_H
#define KNOCKD_FREEPORTS_H

#include "conf/conf.h"

/* 28,000 ports or so to choose from: a sequence of four has 59 bits, and a guess costs four packets. */
#define FREEPORTS_N 4

/*
 * Fills `seq` with FREEPORTS_N TCP ports from the kernel's random numbers, in an order that no ascending scan
 * completes. Services are the TCP sockets that listen now. 0, or -1 with errno; EADDRNOTAVAIL: too few ports are free.
 */
int freeports_choose(struct seq *seq, const struct conf *conf);

#endif
