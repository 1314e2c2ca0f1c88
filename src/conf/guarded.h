/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A door's `open` and `close`, as elements of the sets of table inet knockd. */
#ifndef KNOCKD_GUARDED_H
#define KNOCKD_GUARDED_H

#include "conf/conf.h"

/* Makes the elements of DOOR_OPENS and DOOR_CLOSES from open, close, open_timeout and Target. 0, or -1: no memory. */
int guarded_elements(struct door *door);

#endif
