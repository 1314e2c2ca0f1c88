/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Doors that another door's knock opens as well. */
#ifndef KNOCKD_OVERLAP_H
#define KNOCKD_OVERLAP_H

#include "conf/conf.h"

/*
 * Takes a pair: a client that knocks at `door` also opens `other`, whose sequence is the same or a part of it. Each
 * door is passed once as `door`, with the first such `other` of the file; of doors with the same sequence only the
 * later one.
 */
typedef void overlap_found(void *arg, const struct door *door, const struct door *other);

/* 0, or -1: out of memory. One-time sequences are not compared. */
int overlap_find(const struct conf *conf, overlap_found *found, void *arg);

#endif
