/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a door's `open` and `close` mean, as elements of table inet knockd's own sets. */
#ifndef KNOCKD_GUARDED_H
#define KNOCKD_GUARDED_H

#include "conf/conf.h"

/* Fills `opens` and `closes` from open, close, open_timeout and Target. 0, or -1 when memory is out. */
int guarded_elements(struct door *door);

/* Is there a door that opens the i-th port that this one closes? */
bool guarded_is_opened(const struct conf *conf, const struct door *door, size_t i);

#endif
