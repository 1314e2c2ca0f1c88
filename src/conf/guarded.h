/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A door's `open` and `close`, as elements of the sets of table inet knockd. */
#ifndef KNOCKD_GUARDED_H
#define KNOCKD_GUARDED_H

#include "conf/conf.h"

/* Makes the elements of DOOR_OPENS and DOOR_CLOSES from open, close, open_timeout and Target. 0, or -1: no memory. */
int guarded_elements(struct door *door);

/* Is the port in the list? */
bool guarded_has(const struct seq *ports, const struct knock_port *port);

/* Does any door open the i-th port that this door closes? */
bool guarded_is_opened(const struct conf *conf, const struct door *door, size_t i);

#endif
